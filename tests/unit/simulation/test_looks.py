"""The judge of looks: how old one may be, and whose task it may show."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.simulation.invariants import ANOTHERS, STALE
from tests.simulation.kernel.world import MICROSECONDS, Process
from tests.simulation.look_invariants import LookJudge
from tests.unit.simulation.building import acted, pass_time, world

TABLE = {"TableName": "TaskTable"}
HELD: dict[str, Any] = {"ResponseMetadata": {}}
SUBMISSION = {"jobName": "name", "parameters": {"taskKey": "key"}}


def item(heartbeat: int) -> dict[str, Any]:
    return {"taskToken": {"S": "key"}, "heartbeatAt": {"N": str(heartbeat)}}


class Watched:
    """A judge, and a process that takes, reads and submits one task."""

    def __init__(self) -> None:
        stack: Any = SimpleNamespace(
            world=world(),
            watchers=[],
            network=SimpleNamespace(hearers=[]),
            keys_of=lambda parameters: [parameters["taskKey"]],
        )
        self.stack = stack
        self.judge = LookJudge(stack)
        self.judge.begin()
        self.process = Process(self.stack.world, "poller")

    def hear(self, request: dict[str, Any], answer: dict[str, Any]) -> None:
        self.stack.network.hearers[0]({**TABLE, **request}, answer)

    def submit(self) -> None:
        self.stack.watchers[0]("SubmitJob", SUBMISSION, self.process)

    def found(self, act: Any) -> list[str]:
        acted(self.stack.world, act, self.process)
        pass_time(self.stack.world, 1)
        return [each.invariant for each in self.judge.verdict()]


LOOKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "intent": ({"Item": item(1)}, HELD),
    "read": ({}, {"Item": item(1)}),
    "note": ({"UpdateExpression": "SET #j = :j"}, {"Attributes": item(1)}),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("seconds", "found"), [(20, []), (21, [STALE])])
def test_a_job_is_submitted_within_20_seconds_of_a_look(look: str, seconds: int, found: list[str]) -> None:
    watched = Watched()

    def act() -> None:
        watched.hear(*LOOKS[look])
        watched.stack.world.now += seconds * MICROSECONDS
        watched.submit()

    assert watched.found(act) == found


def test_the_seal_of_an_array_is_a_look_at_its_tasks() -> None:
    watched = Watched()

    def act() -> None:
        update = {"Update": {**TABLE, "Key": {"taskToken": {"S": "key"}}}}
        watched.stack.network.hearers[0]({"TransactItems": [update]}, HELD)
        watched.submit()

    assert watched.found(act) == []


def test_an_intent_that_was_refused_is_no_look() -> None:
    watched = Watched()

    def act() -> None:
        watched.hear({"Item": item(1)}, {"Error": {}, "ResponseMetadata": {}})
        watched.submit()

    assert watched.found(act) == [STALE]


@pytest.mark.parametrize(
    ("heartbeat", "again", "found"), [(1, False, []), (2, False, [ANOTHERS]), (2, True, [])]
)
def test_nobody_submits_for_a_task_that_he_saw_somebody_else_claim(
    heartbeat: int, again: bool, found: list[str]
) -> None:
    watched = Watched()

    def act() -> None:
        watched.hear(*LOOKS["intent"])
        watched.stack.world.now += 1
        watched.hear({}, {"Item": item(heartbeat)})
        if again:
            watched.stack.world.now += 1
            claim = {"UpdateExpression": "SET heartbeatAt = :next, writer = :writer"}
            watched.hear(claim, {"Attributes": item(3)})
        watched.submit()

    assert watched.found(act) == found
