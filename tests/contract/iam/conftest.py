"""One Local AWS that enforces IAM, with the stack, for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.contract.iam.rehearsal import Seen, rehearse
from tests.contract.iam.scene import Scene, enforced_scene

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def scene() -> Iterator[Scene]:
    with LocalAws(LocalSettings(activity_poll_seconds=0.5, enforce_iam=True)) as aws:
        yield enforced_scene(aws)


@pytest.fixture(scope="session")
def rehearsed(scene: Scene) -> dict[str, Seen]:
    """What every probe has shown with all permissions in place."""
    return rehearse(scene)
