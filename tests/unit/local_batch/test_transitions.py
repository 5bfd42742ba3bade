"""The life of a job, as a state machine."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice_local.batch.model import Exit, ExitRule, Job, JobStatus, Placement, RetryStrategy
from sluice_local.batch.transitions import (
    DEPENDENCY_FAILED,
    Cancelled,
    ChildrenChanged,
    DependenciesMet,
    DependencyFailed,
    Effect,
    Evaluated,
    Exited,
    Happening,
    Placed,
    Started,
    Step,
    Terminated,
    advance,
)
from tests.unit.local_batch.building import a_job

PLACED = Placed(Placement("arn:aws:ecs:us-east-1:000000000000:task/spot/1", "align/default/1"))
FREE, FAILED_EXIT, GOOD_EXIT = Evaluated(waits=False), Exited(Exit(1)), Exited(Exit(0))

HAPPENINGS: st.SearchStrategy[Happening] = st.one_of(
    st.builds(Evaluated, waits=st.booleans()),
    st.just(DependenciesMet()),
    st.just(DependencyFailed()),
    st.just(PLACED),
    st.just(Started()),
    st.builds(Exited, st.builds(Exit, st.sampled_from([0, 1, 137]), timed_out=st.booleans())),
    st.builds(Cancelled, st.just("cancelled")),
    st.builds(Terminated, st.just("terminated")),
)


def live(job: Job, *happenings: Happening) -> list[Step]:
    """Let all this happen to a job, a second each; return every step."""
    steps = [Step(job)]
    for second, happening in enumerate(happenings, start=2):
        steps.append(advance(steps[-1].job, happening, now_ms=second * 1_000))
    return steps


def rank(job: Job) -> tuple[int, int]:
    """Tell how far a job is: a new attempt goes further than any state of the one before."""
    return len(job.attempts), list(JobStatus).index(job.status)


@given(st.lists(HAPPENINGS, max_size=30), st.integers(1, 3))
def test_whatever_happens_a_job_only_goes_forward_and_ends_once(
    happenings: list[Happening], attempts: int
) -> None:
    steps = live(a_job(retryStrategy={"attempts": attempts}), *happenings)
    ranks = [rank(step.job) for step in steps]
    published = [step.job for step in steps if Effect.PUBLISH in step.effects]
    assert ranks == sorted(ranks)
    assert len({rank(job) for job in published}) == len(published)
    assert sum(job.status.ended for job in published) == steps[-1].job.status.ended
    assert sum(Effect.SETTLE in step.effects for step in steps) == steps[-1].job.status.ended
    assert len(steps[-1].job.attempts) <= attempts


@given(st.lists(HAPPENINGS, max_size=30))
def test_a_state_is_published_when_and_only_when_it_changed(happenings: list[Happening]) -> None:
    steps = live(a_job(retryStrategy={"attempts": 3}), *happenings)
    for before, after in itertools.pairwise(steps):
        assert (before.job.status is not after.job.status) == (Effect.PUBLISH in after.effects)


def test_a_job_that_succeeds_carries_its_times_and_its_attempt() -> None:
    job = live(a_job(), FREE, PLACED, Started(), GOOD_EXIT)[-1].job
    assert job.status is JobStatus.SUCCEEDED
    assert (job.created_at_ms, job.started_at_ms, job.stopped_at_ms) == (1_000, 4_000, 5_000)
    assert [attempt.exit.exit_code for attempt in job.attempts] == [0]


def test_a_job_waits_in_pending_until_its_dependencies_are_met() -> None:
    statuses = [step.job.status for step in live(a_job(), Evaluated(waits=True), DependenciesMet())]
    assert statuses == [JobStatus.SUBMITTED, JobStatus.PENDING, JobStatus.RUNNABLE]


def test_a_failed_dependency_fails_the_job_with_batchs_reason() -> None:
    job = live(a_job(), Evaluated(waits=True), DependencyFailed())[-1].job
    assert (job.status, job.status_reason) == (JobStatus.FAILED, DEPENDENCY_FAILED)


def test_a_failed_attempt_with_attempts_left_makes_the_job_runnable_again() -> None:
    job = a_job(retryStrategy={"attempts": 2})
    steps = live(job, FREE, PLACED, Started(), FAILED_EXIT)
    assert steps[-1].job.status is JobStatus.RUNNABLE
    assert {Effect.QUEUE, Effect.PUBLISH} == steps[-1].effects
    last = live(steps[-1].job, PLACED, Started(), FAILED_EXIT)[-1].job
    assert (last.status, len(last.attempts)) == (JobStatus.FAILED, 2)


def test_each_attempts_end_is_told_by_one_state_only() -> None:
    first: list[Happening] = [FREE, PLACED, Started(), FAILED_EXIT]
    steps = live(a_job(retryStrategy={"attempts": 2}), *first, PLACED, Started(), FAILED_EXIT)
    assert [bool(step.job.attempt_just_ended) for step in steps] == [False] * 4 + [True, False, False, True]
    cancelled = live(a_job(retryStrategy={"attempts": 2}), *first, Cancelled("not needed"))[-1].job
    assert cancelled.attempt_just_ended is None


def test_a_rule_that_says_exit_spares_the_attempts_that_are_left() -> None:
    job = a_job()
    retry = RetryStrategy(attempts=5, rules=(ExitRule("EXIT", on_exit_code="1"),))
    job = replace(job, spec=replace(job.spec, retry=retry))
    assert live(job, FREE, PLACED, Started(), FAILED_EXIT)[-1].job.status is JobStatus.FAILED


@pytest.mark.parametrize("so_far", [(), (Evaluated(waits=True),), (FREE,)])
def test_a_waiting_job_is_cancelled_at_once(so_far: tuple[Happening, ...]) -> None:
    job = live(a_job(), *so_far, Cancelled("not needed"))[-1].job
    assert (job.status, job.status_reason, job.is_cancelled) == (JobStatus.FAILED, "not needed", True)


@pytest.mark.parametrize("so_far", [(FREE, PLACED), (FREE, PLACED, Started())])
def test_a_placed_job_is_not_touched_by_cancel(so_far: tuple[Happening, ...]) -> None:
    steps = live(a_job(), *so_far, Cancelled("too late"))
    assert steps[-1] == Step(steps[-2].job)


def test_a_running_job_that_is_terminated_fails_when_its_program_is_gone_and_is_not_retried() -> None:
    job = a_job(retryStrategy={"attempts": 5})
    steps = live(job, FREE, PLACED, Started(), Terminated("stop it"), Exited(Exit(143)))
    assert steps[4].effects == {Effect.KILL}
    assert steps[4].job.status is JobStatus.RUNNING
    end = steps[5].job
    assert (end.status, end.status_reason, end.is_terminated) == (JobStatus.FAILED, "stop it", True)


def test_a_terminated_program_that_ends_with_0_still_fails_the_job() -> None:
    job = live(a_job(), FREE, PLACED, Started(), Terminated("stop it"), GOOD_EXIT)[-1].job
    assert job.status is JobStatus.FAILED


def test_an_attempt_that_cannot_start_fails_the_job_from_starting() -> None:
    job = live(a_job(), FREE, PLACED, Exited(Exit(127, status_reason="Task failed to start")))[-1].job
    assert (job.status, job.started_at_ms) == (JobStatus.FAILED, None)


def test_an_arrays_parent_ends_only_after_its_last_child() -> None:
    parent = live(a_job(arrayProperties={"size": 3}), FREE)[-1].job
    almost = ChildrenChanged({JobStatus.SUCCEEDED: 1, JobStatus.FAILED: 1, JobStatus.RUNNING: 1})
    all_ended = ChildrenChanged({JobStatus.SUCCEEDED: 2, JobStatus.FAILED: 1})
    assert live(parent, almost)[-1].job.status is JobStatus.PENDING
    assert live(parent, almost, all_ended)[-1].job.status is JobStatus.FAILED
    assert live(parent, ChildrenChanged({JobStatus.SUCCEEDED: 3}))[-1].job.status is JobStatus.SUCCEEDED


def test_an_arrays_parent_that_is_terminated_keeps_the_reason_for_its_end() -> None:
    parent = live(a_job(arrayProperties={"size": 2}), FREE, Terminated("stop it"))[-1].job
    assert parent.status is JobStatus.PENDING
    end = live(parent, ChildrenChanged({JobStatus.FAILED: 2}))[-1].job
    assert (end.status, end.status_reason, end.is_terminated) == (JobStatus.FAILED, "stop it", True)
