"""One Local AWS with one deployment for all tests of this folder."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from sluice_local.server import LocalAws
from tests.chaos.rig import LOCAL_SETTINGS, build_rig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.rig import Rig


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    with ExitStack() as open_until_end:
        aws = open_until_end.enter_context(LocalAws(LOCAL_SETTINGS))
        rig = build_rig(aws)
        for schedule in rig.schedules():
            open_until_end.enter_context(schedule)
        yield rig
