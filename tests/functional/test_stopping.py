"""Jobs are stopped by as few calls as can be, whoever hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cancel_jobs.app import handle as cancel
from sluice.errors import DeniedError, RejectedError, ThrottledError, UnclearError
from sluice.tasks.model import TaskState
from sluice.tasks.reconciliation import plan_run
from sluice_local.packaging import read_template
from tests.e2e.stack.stack import ROOT
from tests.functional.test_handlers import execution_event, sqs_event
from tests.functional.test_storms import StormyBatch, run_for, running, stormy_world
from tests.support.builders import World, job, task_text
from tests.support.fakes import START_US, FakeBatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.errors import ServiceError

MOST_CALLS = 95  # to stop 4,500 jobs


def cancellation_batch_size() -> int:
    functions = read_template((ROOT / "template.yaml").read_text())["Resources"]
    events = functions["CancelJobsFunction"]["Properties"]["Events"]
    return int(events["Cancellations"]["Properties"]["BatchSize"])


def stopped_workflows(world: World, batch: StormyBatch, *, workflows: int, jobs: int) -> list[str]:
    """Executions that were stopped while their jobs ran; returns their ARNs."""
    arns = [f"arn:aws:states:us-east-1:000000000000:execution:w:{index}" for index in range(workflows)]
    for arn in arns:
        text = task_text(*[job(f"job{index}") for index in range(jobs)], executionArn=arn)
        running(world, batch, arn, text)
        world.activities.gone.add(arn)
    return arns


def calls_of(batch: FakeBatch) -> int:
    return batch.calls["TerminateJob"] + batch.calls["TerminateJobs"]


@pytest.mark.parametrize(("workflows", "jobs"), [(4500, 1), (1500, 3), (45, 100)])
def test_4500_jobs_of_stopped_workflows_are_stopped_by_hardly_more_than_90_calls(
    workflows: int, jobs: int
) -> None:
    world, _, batch, clock = stormy_world()
    arns = stopped_workflows(world, batch, workflows=workflows, jobs=jobs)
    size = cancellation_batch_size()
    for begin in range(0, len(arns), size):
        bodies = [execution_event("ABORTED", START_US // 1000, arn) for arn in arns[begin : begin + size]]
        cancel(sqs_event(*bodies), world.store, completer=world.completer, telemetry=world.telemetry)
    run_for(world, clock, 20)
    assert len(set(batch.terminated)) == len(batch.terminated) == 4500
    assert calls_of(batch) <= MOST_CALLS
    assert len(world.store.closed_at) == workflows


@pytest.mark.parametrize(("workflows", "jobs"), [(4500, 1), (1500, 3)])
def test_jobs_of_workflows_of_whose_end_no_event_told_are_stopped_by_as_few(
    workflows: int, jobs: int
) -> None:
    world, _, batch, clock = stormy_world()
    stopped_workflows(world, batch, workflows=workflows, jobs=jobs)
    run_for(world, clock, 30)
    assert len(set(batch.terminated)) == len(batch.terminated) == 4500
    assert calls_of(batch) <= MOST_CALLS
    assert len(world.store.closed_at) == workflows


def test_where_the_call_for_many_is_missing_each_job_gets_a_call_of_its_own() -> None:
    world = World()
    world.batch = FakeBatch(clock=world.clock, stops_per_call=1)
    world.take("token", job("align"), job("impute"))
    world.abandon(world.store.records["token"])
    assert world.batch.terminated == ["job-0", "job-1"]
    assert world.batch.calls["TerminateJobs"] == 0
    assert world.batch.calls["TerminateJob"] == 2
    assert world.store.closed_at.keys() == {"token"}


class Choosy(FakeBatch):
    """Ends all jobs but one, for which it has an answer of its own."""

    answer: ServiceError

    def end_job(self, job_id: str, reason: str) -> None:
        if job_id == "job-1" and len(self.terminated) < 3:
            raise self.answer
        super().end_job(job_id, reason)


@pytest.mark.parametrize(
    "answer",
    [DeniedError("job-1", "AccessDenied"), UnclearError("job-1"), ThrottledError("job-1")],
    ids=lambda error: type(error).__name__,
)
def test_a_job_that_cannot_be_stopped_now_keeps_its_own_task_alone_in_the_reconcilers_line(
    answer: ServiceError,
) -> None:
    world = World()
    batch = Choosy(clock=world.clock)
    batch.answer = answer
    world.batch = batch
    for token in ("first", "second"):
        world.take(token, job("align"), job("impute"), stateName=token)
    ended = [world.completer.abandon(world.store.records[token]) for token in ("first", "second")]
    world.completer.settle_soon([each for each in ended if each])
    assert batch.terminated == ["job-0", "job-2", "job-3"]
    assert (list(world.store.unsettled), list(world.store.closed_at)) == (["first"], ["second"])
    assert batch.calls["TerminateJobs"] == 1
    # the reconciler stops what was left
    world.clock.sleep(2 * world.policy.settle_seconds)
    world.reconciler.reconcile(plan_run(world.clock.now_us(), remaining_seconds=900))
    assert "job-1" in batch.terminated
    assert world.store.closed_at.keys() == {"first", "second"}


def test_a_job_that_the_call_for_many_refuses_is_asked_about_alone() -> None:
    world = World()
    batch = Choosy(clock=world.clock)
    batch.answer = RejectedError("job-1 is not valid", "ValidationException")
    world.batch = batch
    world.take("token", *[job(name) for name in "abcd"])
    world.abandon(world.store.records["token"])
    assert batch.terminated == ["job-0", "job-2", "job-3", "job-1"]
    assert (batch.calls["TerminateJobs"], batch.calls["TerminateJob"]) == (1, 1)
    assert world.store.closed_at.keys() == {"token"}


def test_a_call_for_many_that_is_refused_as_a_whole_is_made_job_by_job() -> None:
    class Unaware(FakeBatch):
        """Its Region does not know the call yet."""

        def terminate_jobs(self, job_ids: Sequence[str], reason: str) -> Mapping[str, ServiceError]:
            raise RejectedError(f"{len(job_ids)} {reason}", "UnknownOperationException")

    world = World()
    world.batch = Unaware(clock=world.clock)
    world.take("token", job("align"), job("impute"))
    world.abandon(world.store.records["token"])
    assert world.batch.terminated == ["job-0", "job-1"]
    assert world.store.records["token"].state is TaskState.ABANDONED
    assert world.store.closed_at.keys() == {"token"}
