"""How events are lost on their way to the bus."""

import functools
import json
import threading

import pytest

from sluice_local.engine.faults.events import FaultyBus, opportunity
from sluice_local.faults.in_force import FaultsInForce
from sluice_local.faults.plan import Fault, FaultKind, FaultPlan

LONG_SECONDS = 600.0
JOB_EVENT = "Batch Job State Change"


class Bench:
    """A bus in front of a list."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = FaultsInForce(lambda: 0.0)
        self.bus = FaultyBus(self.faults)
        self.faults.on_heal(self.bus.release_all)
        self.faults.inject(FaultPlan(1, faults))
        self.sent: list[str] = []
        self.changed = threading.Condition()

    def send(self, *statuses: str) -> list[str]:
        for status in statuses:
            entry = {"DetailType": JOB_EVENT, "Detail": json.dumps({"status": status}), "Resources": ["job"]}
            self.bus.send(opportunity(entry), functools.partial(self._put, status))
        return self.sent

    def _put(self, status: str) -> None:
        with self.changed:
            self.sent.append(status)
            self.changed.notify()

    def await_sent(self, count: int) -> list[str]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.sent) >= count, timeout=20)
        return self.sent


def test_an_event_is_called_by_its_detail_type_and_status() -> None:
    named = opportunity({"DetailType": JOB_EVENT, "Detail": '{"status": "FAILED"}', "Resources": ["arn:job"]})
    assert named.names == (JOB_EVENT, f"{JOB_EVENT}:FAILED")
    assert named.subject == "FAILED of arn:job"


def test_without_a_fault_events_go_out_in_order() -> None:
    assert Bench().send("A", "B", "C") == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (FaultKind.EVENT_DROPPED, ["A", "C"]),
        (FaultKind.EVENT_DELAYED, ["A", "C"]),
        (FaultKind.EVENT_DOUBLED, ["A", "B", "C"]),
        (FaultKind.EVENT_REORDERED, ["A", "C"]),
    ],
)
def test_what_has_been_sent_when_all_have_passed(kind: FaultKind, sent: list[str]) -> None:
    bench = Bench(Fault(kind, f"{JOB_EVENT}:B", seconds=LONG_SECONDS))
    assert bench.send("A", "B", "C") == sent


def test_a_reordered_event_waits_for_one_that_the_fault_is_for() -> None:
    bench = Bench(Fault(FaultKind.EVENT_REORDERED, f"{JOB_EVENT}:[AC]", seconds=LONG_SECONDS))
    assert bench.send("A", "B", "C", "D") == ["B", "C", "A", "D"]


def test_pairs_of_events_change_places() -> None:
    bench = Bench(Fault(FaultKind.EVENT_REORDERED, JOB_EVENT, seconds=LONG_SECONDS))
    assert bench.send("A", "B", "C", "D") == ["B", "A", "D", "C"]


def test_an_event_that_none_overtakes_goes_out_in_the_end_and_once() -> None:
    bench = Bench(Fault(FaultKind.EVENT_REORDERED, JOB_EVENT, seconds=0.01, count=1))
    bench.send("A")
    assert bench.await_sent(1) == ["A"]
    assert bench.send("B") == ["A", "B"]


def test_a_late_event_comes_after_its_seconds() -> None:
    bench = Bench(Fault(FaultKind.EVENT_DELAYED, f"{JOB_EVENT}:A", seconds=0.01))
    bench.send("A")
    assert bench.await_sent(1) == ["A"]


def test_healing_sends_what_waits_to_be_overtaken() -> None:
    bench = Bench(Fault(FaultKind.EVENT_REORDERED, JOB_EVENT, seconds=LONG_SECONDS))
    bench.send("A")
    bench.faults.end()
    assert bench.sent == ["A"]
    assert bench.send("B") == ["A", "B"]
