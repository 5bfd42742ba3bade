"""The short chaos set: every kind of fault strikes a cohort, and every invariant holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.rounds import play
from tests.chaos.scenarios import Scenario, alone, together
from tests.chaos.troubles import Deed

if TYPE_CHECKING:
    from tests.chaos.rig import Rig

SCENARIOS = (
    alone("quiet"),
    together(
        "answers-lost",
        "submit-answer-lost",
        "intent-answer-lost",
        "note-answer-lost",
        "success-answer-lost",
        "failure-answer-lost",
        "terminate-answer-lost",
    ),
    together("throttled", "submit-throttled", "tables-throttled", "completion-throttled", pollers=4),
    together(
        "errors",
        "submit-fails",
        "submit-fails-after-effect",
        "poll-fails",
        "tables-fail",
        "completion-fails-after-effect",
    ),
    together("job-events-lost", "job-events-dropped", "job-vanished"),
    together("events-late-and-twice", "job-events-delayed", "job-events-doubled", "execution-events-doubled"),
    together(
        "slow-and-out-of-order",
        "submit-slow",
        "tables-slow",
        "job-events-reordered",
        "execution-events-reordered",
        pollers=2,
    ),
    together("executions-untold", "execution-events-dropped", "poller-stopped"),
    together(
        "pollers-lost",
        "killed-before-intent",
        "killed-after-intent",
        "killed-after-submit",
        "poll-answer-lost",
        "poller-timed-out",
        pollers=2,
    ),
    together(
        "handlers-killed",
        "killed-after-note",
        "killed-before-success",
        "killed-after-failure",
        "killed-after-cancelling",
        "handler-timed-out",
    ),
    together(
        "others-killed",
        "killed-after-starting-a-poller",
        "killed-after-heartbeat",
        "reconciler-timed-out",
        "poller-failed",
    ),
    together(
        "jobs-hit",
        "job-terminated",
        "job-fails-to-start",
        "job-not-started",
        "job-stuck",
        "spot-interruption",
    ),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_invariant_holds(rig: Rig, scenario: Scenario) -> None:
    played = play(rig, scenario, scenario.name)
    assert not played.broken
    kinds = {fault.kind.value for fault in scenario.plan.faults}
    deeds = {deed.name.lower() for deed in scenario.deeds - {Deed.LET_A_DAY_PASS}}
    assert kinds | deeds <= played.injections.keys(), "a trouble of the scenario never struck"
