"""The pollers: a chain a slot, never two links at work, none while idle."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.support.building import eventually

if TYPE_CHECKING:
    from datetime import datetime

    from tests.e2e.stack.stack import Stack
    from tests.support.building import Machines


def rounds(stack: Stack, execution: dict[str, Any]) -> list[datetime]:
    """When each round of a poller execution ended."""
    history = stack.states.get_execution_history(executionArn=execution["executionArn"], maxResults=1000)
    ends = ("LambdaFunctionSucceeded", "TaskSucceeded")
    return [each["timestamp"] for each in history["events"] if each["type"] in ends]


def test_the_poller_continues_as_a_new_execution_and_its_links_never_overlap(
    stack: Stack, machines: Machines
) -> None:
    machine = stack.machine(machines, stack.job("ok", stack.job_definition("true", "true")))
    before = len(stack.pollers())
    # one round an execution: as long as there is work, each round is a link of the chain
    while len(stack.pollers()) < before + 4:
        assert machines.ended(machines.start(machine))["status"] == "SUCCEEDED"
    idle = stack.idle_pollers()
    names = [each["name"] for each in idle]
    assert names == [f"slot-0-{number}" for number in range(len(names))]
    for earlier, later in pairwise(idle):
        # ContinueAsNew is itself a task: the round is over when the next execution starts
        assert rounds(stack, earlier)[0] <= later["startDate"]
    continued = [each for each in idle if last_state(stack, each) == "Continued"]
    assert len(continued) >= 3


def last_state(stack: Stack, execution: dict[str, Any]) -> str:
    history = stack.states.get_execution_history(
        executionArn=execution["executionArn"], reverseOrder=True, maxResults=5
    )
    exits = [each for each in history["events"] if each["type"].endswith("StateExited")]
    return str(exits[0]["stateExitedEventDetails"]["name"])


def test_an_idle_poller_ends_and_work_wakes_the_next_link(stack: Stack, machines: Machines) -> None:
    idle = stack.idle_pollers()
    machine = stack.machine(machines, stack.job("ok", stack.job_definition("true", "true")))
    assert machines.ended(machines.start(machine))["status"] == "SUCCEEDED"
    assert len(stack.pollers()) > len(idle)


def test_a_poller_that_is_stopped_is_started_again(stack: Stack, machines: Machines) -> None:
    machine = stack.machine(machines, stack.job("ok", stack.job_definition("true", "true")))
    machines.ended(machines.start(machine))
    running = eventually(lambda: [each for each in stack.pollers() if each["status"] == "RUNNING"])
    stack.states.stop_execution(executionArn=running[0]["executionArn"])
    known = len(stack.pollers())
    eventually(lambda: len(stack.pollers()) > known)


def test_the_schedule_sends_one_probe(stack: Stack) -> None:
    idle = stack.idle_pollers()
    assert stack.invoke("EnsurePollers", {}) == {"PollersStarted": 1}
    probe = stack.pollers()[-1]
    assert probe["name"] == f"slot-0-{len(idle)}"
    # one empty round is enough for a probe
    stack.idle_pollers()
    assert last_state(stack, probe) == "Idle"
