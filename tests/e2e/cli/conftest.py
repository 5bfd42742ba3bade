"""One Local AWS with the stack for all tests of this folder, as their faults are nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.cli.mishaps import SLOWEST, Mishaps
from tests.e2e.stack.stack import Stack, deployed
from tests.support.building import Machines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# cohorts of 1,500 samples are to take seconds here
LIFTED = {f"States.{api}": None for api in ("StartExecution", "DescribeExecution", "ListExecutions")}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts what waits for a minute behind all other tests, so that they run meanwhile."""
    items.sort(key=lambda item: item.name.endswith(f"[{SLOWEST}]"))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with LocalAws(LocalSettings(activity_poll_seconds=1, quotas=LIFTED)) as aws:
        yield deployed(aws, StartRatePerSecond="1000")


@pytest.fixture(scope="session")
def mishaps(stack: Stack) -> Mishaps:
    return Mishaps(stack, Machines(stack.states, "cli"))


@pytest.fixture(scope="session", autouse=True)
def started(mishaps: Mishaps) -> Mapping[str, str]:
    """All that goes wrong, begun before the first test: one of them takes a minute."""
    return mishaps.start_all()
