"""A poller with reason to think that tasks are waiting does not rest, and no wake-up is overlooked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sluice.pollers.chain import Chain, poller_input
from sluice.pollers.idleness import WAKE_MS, Idleness, Verdict
from sluice.pollers.pool import Outcome
from sluice.pollers.request import PollerRound, read_poller_round
from sluice.runtime.settings import read_settings
from tests.support.fakes import FakeClock, FakeExecutions, MemoryPollerSlots
from tests.unit.sluice.runtime.test_settings import GOOD

BEGAN_MS = 1_000_000
EMPTY = Outcome(0)
LAST = PollerRound(slot=0, probe=False, number=4, empty_rounds=2)
PROBE = PollerRound(slot=0, probe=True, number=4)


def idleness(slots: MemoryPollerSlots, **changes: str) -> Idleness:
    return Idleness(slots, read_settings({**GOOD, **changes}))


@pytest.mark.parametrize("asked", [LAST, PROBE])
def test_a_poller_whose_last_round_was_empty_rests(asked: PollerRound) -> None:
    slots = MemoryPollerSlots()
    verdict = idleness(slots).after(asked, EMPTY, BEGAN_MS)
    assert verdict.empty_rounds == verdict.allowed
    assert slots.read(0).resting == 4


@pytest.mark.parametrize("asked", [LAST, PROBE])
@pytest.mark.parametrize("woken_ms", [BEGAN_MS - WAKE_MS, BEGAN_MS + 59_000])
def test_a_poller_that_was_woken_since_its_round_began_goes_on(asked: PollerRound, woken_ms: int) -> None:
    slots = MemoryPollerSlots()
    slots.wake(0, woken_ms)
    verdict = idleness(slots).after(asked, EMPTY, BEGAN_MS)
    assert verdict.empty_rounds == 0
    assert verdict.allowed
    assert slots.read(0).resting is None


def test_an_older_wake_up_keeps_no_poller_awake() -> None:
    slots = MemoryPollerSlots()
    slots.wake(0, BEGAN_MS - WAKE_MS - 1)
    assert idleness(slots).after(LAST, EMPTY, BEGAN_MS) == Verdict(3, 3)


@pytest.mark.parametrize("outcome", [Outcome(1), Outcome(0, failed_polls=1)])
def test_a_round_that_may_have_missed_something_counts_as_none_that_was_empty(outcome: Outcome) -> None:
    slots = MemoryPollerSlots()
    assert idleness(slots).after(LAST, outcome, BEGAN_MS) == Verdict(0, 3)
    assert slots.read(0).resting is None


def test_a_slot_that_is_not_wanted_any_more_ends_whatever_wakes_it() -> None:
    slots = MemoryPollerSlots()
    slots.wake(1, BEGAN_MS)
    verdict = idleness(slots).after(PollerRound(1, probe=False, number=0), Outcome(1), BEGAN_MS)
    assert verdict.allowed == 0


def test_who_wakes_a_slot_whose_poller_has_gone_to_rest_starts_the_next_one_while_it_still_runs() -> None:
    slots, executions = MemoryPollerSlots(), FakeExecutions({"slot-0-4": "RUNNING"})
    slots.remember(0, 4)
    chain = Chain(slots, executions, FakeClock())
    assert not chain.ensure(0, probe=False)
    assert idleness(slots).after(LAST, EMPTY, BEGAN_MS) == Verdict(0, 3), "it was woken"
    slots.woken_at.clear()
    idleness(slots).after(LAST, EMPTY, BEGAN_MS)
    assert chain.ensure(0, probe=False)
    assert executions.started == {"slot-0-5": poller_input(0, 5, probe=False)}
    assert not chain.ensure(0, probe=False)


def test_a_probe_wakes_nobody() -> None:
    slots = MemoryPollerSlots()
    Chain(slots, FakeExecutions(), FakeClock()).ensure(0, probe=True)
    assert slots.woken_at == {}


def test_an_execution_that_rests_does_not_go_on_when_its_answer_was_lost() -> None:
    slots = MemoryPollerSlots()
    assert not idleness(slots).rests(LAST)
    idleness(slots).after(LAST, EMPTY, BEGAN_MS)
    assert idleness(slots).rests(LAST)
    assert not idleness(slots).rests(PollerRound(0, probe=False, number=5))


def test_an_execution_that_rested_does_not_go_on_when_the_next_one_has_gone_to_rest_as_well() -> None:
    slots = MemoryPollerSlots()
    idleness(slots).after(LAST, EMPTY, BEGAN_MS)
    idleness(slots).after(replace(LAST, number=5), EMPTY, BEGAN_MS)
    assert idleness(slots).rests(LAST)


def test_an_execution_of_a_former_version_ends_as_it_did() -> None:
    """It tells neither its number nor its empty rounds, and counts these itself."""
    asked = read_poller_round({"slot": 0, "probe": False})
    slots = MemoryPollerSlots()
    assert not idleness(slots).rests(asked)
    assert idleness(slots).after(asked, EMPTY, BEGAN_MS) == Verdict(1, 3)
