"""One Local AWS with the stack for the workflows of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.stack.stack import Stack, deployed

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with LocalAws(LocalSettings(activity_poll_seconds=1)) as aws:
        yield deployed(aws)
