"""A stack on which as many tasks are open as may be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.stack.stack import Stack, deployed
from tests.support.building import Machines, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST = 3


@pytest.fixture
def stack() -> Iterator[Stack]:
    with LocalAws(LocalSettings(activity_poll_seconds=1)) as aws:
        yield deployed(aws, MaxOpenTasks=str(MOST))


def full_rounds(stack: Stack) -> int:
    """How many rounds of the poller found as many open tasks as may be."""
    ended = [each for each in stack.pollers() if each["status"] == "SUCCEEDED"]
    outputs = [
        stack.states.get_execution_history(executionArn=each["executionArn"])["events"] for each in ended
    ]
    return sum("MaxOpenTasksReached" in json.dumps(each, default=str) for each in outputs)


def is_taken(stack: Stack, execution: str) -> bool:
    events = stack.states.get_execution_history(executionArn=execution)["events"]
    return any(each["type"] == "ActivityStarted" for each in events)


def test_tasks_beyond_as_many_as_may_be_open_wait_in_the_activity(
    stack: Stack, machines: Machines, tmp_path: Path
) -> None:
    script = f'until test -e "{tmp_path}/over"; do sleep 0.2; done'
    work = stack.machine(machines, stack.job("work", stack.job_definition("waits", "sh", "-c", script)))
    running = [machines.start(work) for _ in range(MOST)]
    for execution in running:
        stack.submitted(execution, "work")
    eventually(lambda: full_rounds(stack) >= 1, within_seconds=60)
    waiting = machines.start(work)
    seen = full_rounds(stack)
    eventually(lambda: full_rounds(stack) >= seen + 2, within_seconds=60)
    assert not is_taken(stack, waiting)
    assert len(stack.store.open_tasks(10)) == MOST
    (tmp_path / "over").touch()
    ended = [machines.ended(each, within_seconds=90) for each in [*running, waiting]]
    assert {each["status"] for each in ended} == {"SUCCEEDED"}
