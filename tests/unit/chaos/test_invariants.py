"""Each invariant holds after a round without faults, and can break."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.chaos.invariants import INVARIANTS, NO_NEEDLESS_TRY, check
from tests.chaos.observation import SeenPoller
from tests.unit.chaos.building import good_round, run_of, with_execution, with_job

if TYPE_CHECKING:
    from tests.chaos.observation import Observation, SeenJob

GOOD = good_round()


def broken(seen: Observation, *, costs_tokens: bool = True) -> set[str]:
    return {each.invariant for each in check(seen, costs_tokens=costs_tokens)}


def twice(seen: Observation, name: str) -> Observation:
    victim = next(job for job in seen.jobs if job.name == name)
    return replace(seen, jobs=(*seen.jobs, replace(victim, job_id="another", created_s=200.0)))


def with_child(job: SeenJob, **fields: Any) -> SeenJob:
    return replace(job, children=(replace(job.children[0], **fields), *job.children[1:]))


def at_once(seen: Observation) -> Observation:
    return replace(seen, jobs=tuple(replace(job, created_s=100.0) for job in seen.jobs))


def test_a_round_in_which_all_went_well_breaks_nothing() -> None:
    assert check(GOOD, costs_tokens=False) == []


SPOILT = {
    "every workflow ended as its jobs did": [
        with_execution(GOOD, "single", status="RUNNING"),
        with_execution(GOOD, "single", status="FAILED", error="Job.Failed"),
        with_execution(GOOD, "failing", status="SUCCEEDED", error=None),
        with_execution(GOOD, "failing", error="Job.Terminated"),
        with_execution(GOOD, "patient", error="Job.DependencyFailed"),
        with_execution(GOOD, "stopped", status="SUCCEEDED"),
        replace(GOOD, executions={}),
        with_job(GOOD, "solo", lambda _: None),
        with_job(GOOD, "align", lambda job: replace(job, status="FAILED", reason="Host EC2 i-1 terminated")),
    ],
    "every job ended as its program did": [
        with_job(GOOD, "solo", lambda job: replace(job, status="FAILED", reason="exited")),
        with_job(GOOD, "bad", lambda job: replace(job, status="SUCCEEDED")),
        with_job(GOOD, "endless", lambda job: replace(job, status="SUCCEEDED", by_hand=False)),
        with_job(GOOD, "solo", lambda job: replace(job, name="unheard-of")),
    ],
    "no job ran twice": [
        twice(GOOD, "solo"),
        with_job(GOOD, "solo", lambda job: replace(job, attempts=2)),
        with_job(GOOD, "many", lambda job: with_child(job, attempts=2)),
    ],
    "every job ran that should": [
        with_job(GOOD, "split", lambda _: None),
        with_job(GOOD, "solo", lambda job: replace(job, attempts=0)),
        with_job(GOOD, "many", lambda job: replace(job, children=job.children[1:])),
        with_job(GOOD, "many", lambda job: with_child(job, status="FAILED")),
    ],
    "no job runs for a workflow that has ended": [
        with_job(GOOD, "endless", lambda job: replace(job, status="RUNNING")),
        with_job(GOOD, "early", lambda job: replace(job, status="RUNNABLE")),
    ],
    "no task stays open": [replace(GOOD, open_items=(run_of("single").name,))],
    "the rate was never exceeded": [at_once(GOOD), replace(GOOD, rate_per_second=2.0)],
    "no task token in a log": [replace(GOOD, leaks=("task AAAAKg",))],
    "no message is left": [
        replace(GOOD, messages={"JobEventsQueue": 1}),
        replace(GOOD, messages={"JobEventsDeadLetters": 1}),
    ],
    "one poller a slot": [
        replace(
            GOOD,
            pollers=(
                SeenPoller("slot-0-1", "SUCCEEDED", 100.0, 120.0),
                SeenPoller("slot-0-2", "RUNNING", 110.0, None),
            ),
        ),
        replace(
            GOOD,
            pollers=(
                SeenPoller("slot-0-1", "RUNNING", 100.0, None),
                SeenPoller("slot-0-2", "RUNNING", 110.0, None),
            ),
        ),
    ],
}


def test_every_invariant_is_spoilt_here() -> None:
    assert SPOILT.keys() == INVARIANTS.keys()


@pytest.mark.parametrize(
    ("invariant", "seen"),
    [(name, seen) for name, cases in SPOILT.items() for seen in cases],
    ids=[f"{name} {number}" for name, cases in SPOILT.items() for number, _ in enumerate(cases)],
)
def test_each_invariant_can_break(invariant: str, seen: Observation) -> None:
    assert invariant in broken(seen)


def test_a_state_is_tried_again_only_in_a_round_that_gives_cause_for_it() -> None:
    seen = replace(GOOD, tries={**GOOD.tries, (run_of("single").name, "Work"): 2})
    assert broken(seen, costs_tokens=False) == {NO_NEEDLESS_TRY}
    assert broken(seen, costs_tokens=True) == set()


def test_the_last_try_of_a_state_decides() -> None:
    name = run_of("single").name
    first = next(job for job in GOOD.jobs if job.workflow == name)
    lost = replace(
        first,
        job_id="lost",
        task_id="lost",
        status="FAILED",
        reason="Host EC2 (instance i-1) terminated.",
        created_s=1.0,
    )
    assert broken(replace(GOOD, jobs=(lost, *GOOD.jobs))) == set()


def test_any_of_several_jobs_that_failed_may_name_the_error() -> None:
    pull = "Task failed to start; CannotPullContainerError: not found"
    seen = with_job(GOOD, "fine", lambda job: replace(job, status="FAILED", reason=pull))
    assert broken(seen) == set()
    assert broken(with_execution(seen, "patient", error="Job.ImagePull")) == set()


def test_an_array_may_fail_when_a_child_met_what_its_program_cannot_help() -> None:
    pull = "Task failed to start; CannotPullContainerError: not found"
    seen = with_job(
        GOOD,
        "many",
        lambda job: replace(
            with_child(job, status="FAILED", reason=pull), status="FAILED", reason="Array Child Job failed"
        ),
    )
    assert broken(with_execution(seen, "array", status="FAILED", error="Job.Failed")) == set()


def test_links_that_hand_over_and_slots_of_their_own_are_no_second_poller() -> None:
    pollers = (
        SeenPoller("slot-0-1", "SUCCEEDED", 100.0, 103.2),
        SeenPoller("slot-0-2", "SUCCEEDED", 103.0, 110.0),
        SeenPoller("slot-1-1", "RUNNING", 101.0, None),
        SeenPoller("slot-1-2", "RUNNING", 129.9, None),
    )
    assert broken(replace(GOOD, pollers=pollers)) == set()
