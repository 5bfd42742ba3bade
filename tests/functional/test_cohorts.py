"""The services of cohorts on fakes: what is interrupted is repeated, and nothing starts or counts twice."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from sluice.cohorts.attempts import Attempts
from sluice.cohorts.counter import CohortCounter
from sluice.cohorts.model import (
    CANCELLED_ERROR,
    MAX_BLOCK,
    NOT_STARTED,
    Cohort,
    Sample,
    SampleEnd,
    SampleStatus,
)
from sluice.cohorts.reconciler import CohortReconciler, begin_until_us
from sluice.cohorts.redrives import REDRIVE_DAYS, HistoryEnd
from sluice.cohorts.request import Only, SheetPlace, StartRequest
from sluice.cohorts.sheet_cells import InvalidSheetError
from sluice.cohorts.starter import LOOK_SECONDS, CohortConflictError, CohortStarter, Progress, WorkflowError
from sluice.errors import BusyError, RejectedError, ThrottledError, UnclearError
from sluice.rate.gcra import MICROSECONDS, Limit
from sluice.rate.limiter import Limiter
from sluice.runtime.workers import ThreadWorkers
from tests.support.cohort_fakes import FakeWorkflows, KeptSheets, MemoryCohortStore
from tests.support.fakes import FakeClock, KeptTelemetry, MemoryRateStore
from tests.unit.sluice.cohorts.test_request import ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sluice.cohorts.blocks import Block

WORKFLOW = "arn:aws:states:us-east-1:000000000000:stateMachine:lowpass"
RUNNING, SUCCEEDED, FAILED, ABORTED = (
    SampleStatus.RUNNING,
    SampleStatus.SUCCEEDED,
    SampleStatus.FAILED,
    SampleStatus.ABORTED,
)
RATE = 100


@dataclass
class World:
    """The services of cohorts on fakes that share one clock."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: MemoryCohortStore = field(default_factory=MemoryCohortStore)
    workflows: FakeWorkflows = field(default_factory=FakeWorkflows)
    sheets: KeptSheets = field(default_factory=KeptSheets)
    rates: MemoryRateStore = field(default_factory=MemoryRateStore)
    telemetry: KeptTelemetry = field(default_factory=KeptTelemetry)
    limit: Limit = field(default_factory=lambda: Limit(RATE, burst=10))
    allowed: tuple[str, ...] = (f"{WORKFLOW}*",)

    def __post_init__(self) -> None:
        """The table goes by the same clock."""
        self.store.now_ms = self.clock.now_ms

    @cached_property
    def starter(self) -> CohortStarter:
        return CohortStarter(
            store=self.store,
            executions=self.workflows,
            sheets=self.sheets,
            attempts=self.attempts,
            history_limiter=self._limiter("GetExecutionHistory"),
            workers=ThreadWorkers(1),
            telemetry=self.telemetry,
            clock=self.clock,
            allowed=self.allowed,
        )

    @cached_property
    def attempts(self) -> Attempts:
        return Attempts(
            self.store,
            self.workflows,
            self._limiter("StartExecution"),
            self._limiter("RedriveExecution"),
            self._limiter("DescribeExecution"),
            self.clock,
        )

    @cached_property
    def counter(self) -> CohortCounter:
        return CohortCounter(self.store, self.telemetry)

    @cached_property
    def reconciler(self) -> CohortReconciler:
        return CohortReconciler(
            store=self.store,
            executions=self.workflows,
            describe_limiter=self._limiter("DescribeExecution"),
            attempts=self.attempts,
            workers=ThreadWorkers(1),
            look_seconds=900,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @property
    def now_ms(self) -> int:
        return self.clock.now_us() // 1000

    def launch(self, samples: int, *, seconds: float = 600, **fields: Any) -> Progress:
        """Starts a sheet of so many samples, as if somebody asked for it now."""
        rows = "\n".join(f"s{number:04}" for number in range(samples))
        request = StartRequest(
            cohort="run-7",
            workflow_arn=WORKFLOW,
            sheet=SheetPlace("csv", inline=f"sample\n{rows}"),
            shared={},
            only=Only.ALL,
            as_of=self.now_ms,
        )
        return self._run(replace(request, **fields), seconds)

    def retry(self, *, seconds: float = 600, **fields: Any) -> Progress:
        request = StartRequest("run-7", None, None, {}, Only.FAILED, self.now_ms)
        return self._run(replace(request, **fields), seconds)

    def reconcile(self, *, after_seconds: float = 901) -> None:
        self.clock.sleep(after_seconds)
        self.reconciler.reconcile(self.clock.now_us() + 600 * MICROSECONDS)

    def cohort(self) -> Cohort:
        return self.store.cohorts["run-7"]

    def totals(self) -> dict[SampleStatus, int]:
        return {status: number for status, number in self.cohort().counts.items() if number}

    def samples(self) -> list[Sample]:
        return list(self.store.samples("run-7"))

    def end(self, sample: Sample, status: SampleStatus) -> SampleEnd:
        """Ends a sample's execution now, and nobody hears of it."""
        return self.workflows.end(sample.execution_arn, status, stopped_at=self.now_ms)

    def end_all(self, status: SampleStatus) -> None:
        """Ends all executions that run, and everybody hears of it."""
        for sample in self.samples():
            if sample.status is RUNNING:
                self.store.note_ends([self.end(sample, status)])

    def _run(self, request: StartRequest, seconds: float) -> Progress:
        return self.starter.run(request, self.clock.now_us() + round(seconds * MICROSECONDS))

    def _limiter(self, api: str) -> Limiter:
        return Limiter(api, limit=self.limit, store=self.rates, clock=self.clock)


@pytest.fixture
def world() -> World:
    return World()


def test_every_sample_of_a_sheet_is_started_with_its_input(world: World) -> None:
    progress = world.launch(250)
    assert (progress.done, progress.cohort.started, progress.cohort.next_row) == (True, 250, 250)
    assert world.totals() == {RUNNING: 250}
    assert set(world.workflows.started.values()) == {1}
    assert world.workflows.inputs["run-7.1.s0007"] == '{"sample":"s0007","cohort":"run-7"}'


def test_starts_keep_to_the_shared_rate(world: World) -> None:
    before_us = world.clock.now_us()
    world.launch(250)
    assert world.clock.now_us() - before_us >= (250 - 10) / RATE * MICROSECONDS


def test_a_run_goes_on_where_the_time_was_up(world: World) -> None:
    runs = [world.launch(250, seconds=1.1)]
    while not runs[-1].done:
        runs.append(world.launch(250, seconds=1.1))
    assert len(runs) > 2
    rows = [progress.cohort.next_row for progress in runs]
    assert all(earlier <= later for earlier, later in pairwise(rows))
    assert world.totals() == {RUNNING: 250}
    assert world.workflows.started == {f"run-7.1.s{number:04}": 1 for number in range(250)}


def test_a_launch_that_is_over_costs_no_calls(world: World) -> None:
    world.launch(250)
    world.telemetry.drain()
    assert world.launch(250).done
    assert world.telemetry.drain() == {}


def test_a_block_that_was_noted_and_not_started_is_started_by_the_next_run(world: World) -> None:
    world.workflows.answers.extend([RejectedError("the state machine is being deleted")] * 2)
    with pytest.raises(RejectedError):
        world.launch(3)
    assert world.totals() == {RUNNING: 3}
    world.workflows.answers.clear()
    world.launch(3)
    assert world.workflows.started == {"run-7.1.s0000": 1, "run-7.1.s0001": 1, "run-7.1.s0002": 1}


def test_a_throttled_start_waits_at_a_lower_rate_and_is_not_lost(world: World) -> None:
    world.workflows.answers.append(ThrottledError("ThrottlingException"))
    world.launch(3)
    assert len(world.workflows.started) == 3
    assert world.rates.states["StartExecution"].lowered_us > 0


def test_a_start_whose_answer_is_lost_is_made_again(world: World) -> None:
    world.workflows.answers.append(UnclearError("ReadTimeoutError"))
    world.workflows.lost_answers = 1
    world.launch(1)
    assert world.workflows.started == {"run-7.1.s0000": 1}


def test_starts_without_any_answer_are_left_to_the_next_run(world: World) -> None:
    world.workflows.answers.extend([UnclearError("ReadTimeoutError")] * 3)
    with pytest.raises(UnclearError):
        world.launch(1)
    world.launch(1)
    assert world.workflows.started == {"run-7.1.s0000": 1}


def test_a_cohort_belongs_to_one_sheet_and_one_workflow(world: World) -> None:
    world.launch(2)
    with pytest.raises(CohortConflictError, match="1 have other inputs here, and 1 are missing"):
        world.launch(0, sheet=SheetPlace("csv", inline="sample,x\ns0000,other\n"))
    with pytest.raises(CohortConflictError, match="take another name"):
        world.launch(2, workflow_arn=f"{WORKFLOW}-2")
    assert world.totals() == {RUNNING: 2}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[Header]\nFileFormatVersion,2\n", "it is an Illumina sample sheet"),
        ("sample,x\ns1,a\ns1,b\n", "a sample has one row"),
        ("sample,Sample\ns1,a\n", "differ in capital and small letters only"),
    ],
)
def test_a_sheet_that_is_started_without_the_command_line_is_checked_the_same(
    world: World, text: str, says: str
) -> None:
    with pytest.raises(InvalidSheetError, match=says):
        world.launch(0, sheet=SheetPlace("csv", inline=text))
    assert world.store.cohorts == {}


def test_a_sheet_with_a_bad_row_starts_nothing(world: World) -> None:
    with pytest.raises(InvalidSheetError):
        world.launch(1, sheet=SheetPlace("csv", inline="sample\ngood\nbad name\n"))
    assert world.store.cohorts == {}


OTHERS = (f"{WORKFLOW}-2", f"{WORKFLOW}-accept-*")


def test_a_workflow_that_the_stack_may_not_start_leaves_no_cohort_behind() -> None:
    world = World(allowed=OTHERS)
    with pytest.raises(WorkflowError, match=r"lowpass\. .*WorkflowArns, or use .*lowpass-accept-\*"):
        world.launch(1)
    assert (world.store.cohorts, sum(world.workflows.started.values())) == ({}, 0)


def test_a_cohort_whose_workflow_is_out_of_bounds_by_now_is_not_retried() -> None:
    world = World()
    world.launch(1)
    world.end_all(ABORTED)
    started = sum(world.workflows.started.values())
    world.allowed = OTHERS
    del world.starter
    with pytest.raises(WorkflowError, match="must not start"):
        world.retry()
    assert sum(world.workflows.started.values()) == started


def test_a_workflow_that_cannot_run_samples_leaves_no_cohort_behind(world: World) -> None:
    world.workflows.kinds[WORKFLOW] = "EXPRESS"
    with pytest.raises(WorkflowError, match="is of type EXPRESS"):
        world.launch(1)
    with pytest.raises(RejectedError):
        world.launch(1, workflow_arn=f"{WORKFLOW}-gone")
    assert world.store.cohorts == {}


def test_failed_samples_start_again_as_the_next_attempt(world: World) -> None:
    world.launch(250)
    world.end_all(FAILED)
    assert world.retry(from_start=True).done
    assert world.totals() == {RUNNING: 250}
    assert set(world.workflows.started.values()) == {1}
    assert not world.workflows.redriven
    assert world.workflows.inputs["run-7.2.s0001"] == world.workflows.inputs["run-7.1.s0001"]


def test_what_succeeded_or_runs_for_the_first_time_is_not_retried(world: World) -> None:
    world.launch(2)
    (first, _) = world.samples()
    world.store.note_ends([world.end(first, SUCCEEDED)])
    world.retry()
    assert len(world.workflows.started) == 2


def test_a_repeated_retry_does_not_retry_what_failed_since_it_was_asked_for(world: World) -> None:
    world.launch(1)
    world.end_all(FAILED)
    asked_at = world.now_ms
    world.retry(as_of=asked_at)
    world.clock.sleep(1)
    world.end_all(FAILED)
    world.retry(as_of=asked_at)
    assert world.workflows.redriven == {"run-7.1.s0000": 1}


def test_a_retry_that_was_noted_and_not_started_is_started_by_the_next(world: World) -> None:
    world.launch(1)
    world.end_all(FAILED)
    world.workflows.answers.append(RejectedError("no"))
    with pytest.raises(RejectedError):
        world.retry(from_start=True)
    world.retry()
    assert world.workflows.started == {"run-7.1.s0000": 1, "run-7.2.s0000": 1}
    assert world.totals() == {RUNNING: 1}


def test_a_retry_goes_on_where_the_time_was_up(world: World) -> None:
    world.launch(3 * MAX_BLOCK)
    world.end_all(FAILED)
    asked_at = world.now_ms
    runs = [world.retry(seconds=2.5, as_of=asked_at)]
    while not runs[-1].done:
        runs.append(world.retry(seconds=2.5, as_of=asked_at))
    assert len(runs) > 2
    assert world.totals() == {RUNNING: 3 * MAX_BLOCK}
    assert set(world.workflows.redriven.values()) == {1}


def test_failed_samples_go_on_where_they_failed(world: World) -> None:
    world.launch(2)
    world.end_all(FAILED)
    failed_at = world.samples()[0].stopped_at
    world.clock.sleep(1)
    assert world.retry().done
    assert world.workflows.redriven == {"run-7.1.s0000": 1, "run-7.1.s0001": 1}
    assert world.totals() == {RUNNING: 2}
    (sample, _) = world.samples()
    assert (sample.attempt, sample.redrives, sample.ended_before) == (1, 1, failed_at)
    world.clock.sleep(1)
    world.end_all(SUCCEEDED)
    assert world.totals() == {SUCCEEDED: 2}


@pytest.mark.parametrize(
    "history",
    [HistoryEnd(24_999, in_fail_state=False), HistoryEnd(12, in_fail_state=True), None],
    ids=["long", "ended by a Fail state", "forgotten"],
)
def test_what_cannot_go_on_starts_anew(world: World, history: HistoryEnd | None) -> None:
    world.launch(2)
    world.end_all(FAILED)
    arn = world.samples()[0].execution_arn
    if history is None:
        del world.workflows.ends[arn]
    else:
        world.workflows.histories[arn] = history
    world.retry()
    assert world.workflows.redriven == {"run-7.1.s0001": 1}
    assert world.workflows.started["run-7.2.s0000"] == 1
    assert world.totals() == {RUNNING: 2}


def test_after_two_weeks_all_start_anew(world: World) -> None:
    world.launch(1)
    world.end_all(FAILED)
    world.clock.sleep(REDRIVE_DAYS * 86_400)
    world.retry()
    assert world.workflows.started == {"run-7.1.s0000": 1, "run-7.2.s0000": 1}


def test_a_history_without_an_answer_leaves_it_to_the_redrive(world: World) -> None:
    world.launch(1)
    world.end_all(FAILED)
    world.workflows.lost_histories = 1
    world.retry()
    assert world.workflows.redriven == {"run-7.1.s0000": 1}


def test_those_that_refuse_to_go_on_are_noted_anew_together() -> None:
    class Counting(MemoryCohortStore):
        def begin(self, block: Block, now_ms: int) -> list[Sample]:
            blocks.append([start.sample for start in block.starts])
            return super().begin(block, now_ms)

    blocks: list[list[str]] = []
    world = World(store=Counting())
    world.launch(4)
    world.end_all(FAILED)
    world.clock.sleep(1)
    refusing = [sample.execution_arn for sample in world.samples()[1:]]
    world.workflows.unredrivable.update(refusing)
    blocks.clear()
    world.retry()
    assert world.cohort().updated_at == world.now_ms, "not as of when they were noted first"
    assert blocks == [["s0000", "s0001", "s0002", "s0003"], ["s0001", "s0002", "s0003"]]
    assert len({sample.started_at for sample in world.samples()}) == 1, "a run that comes later finds them"
    assert world.totals() == {RUNNING: 4}


def test_executions_that_refuse_to_go_on_are_described_at_the_shared_rate(world: World) -> None:
    world.launch(50)
    world.end_all(FAILED)
    world.workflows.unredrivable.update(sample.execution_arn for sample in world.samples())
    world.workflows.throttled_looks = 1
    world.retry()
    assert world.totals() == {RUNNING: 50}
    assert world.rates.states["DescribeExecution"].lowered_us > 0


def test_a_table_that_throttles_ends_the_run_for_the_retry_with_its_pauses() -> None:
    class Throttling(MemoryCohortStore):
        def begin(self, block: Block, now_ms: int) -> list[Sample]:
            raise ThrottledError(f"ProvisionedThroughputExceededException for {block} at {now_ms}")

    with pytest.raises(ThrottledError):
        World(store=Throttling()).launch(1)


def test_an_execution_that_refuses_to_go_on_is_followed_by_a_new_one(world: World) -> None:
    world.launch(1)
    world.end_all(FAILED)
    world.workflows.unredrivable.add(world.samples()[0].execution_arn)
    world.retry()
    assert world.workflows.started == {"run-7.1.s0000": 1, "run-7.2.s0000": 1}
    assert world.totals() == {RUNNING: 1}
    (sample,) = world.samples()
    assert (sample.attempt, sample.redrives) == (2, 0)


@pytest.mark.parametrize("status", [None, SUCCEEDED])
def test_an_execution_that_somebody_redrove_by_hand_is_not_followed_by_another(
    world: World, status: SampleStatus | None
) -> None:
    world.launch(1)
    world.end_all(FAILED)
    (sample,) = world.samples()
    world.clock.sleep(1)
    world.workflows.redrive(sample.execution_arn, "by hand")
    if status is not None:
        world.end(sample, status)
        world.workflows.unredrivable.add(sample.execution_arn)
    world.retry()
    assert world.workflows.started == {"run-7.1.s0000": 1}
    assert world.totals() == {status or RUNNING: 1}


def test_an_end_before_the_redrive_that_is_told_again_changes_nothing(world: World) -> None:
    world.launch(1)
    (sample,) = world.samples()
    told = world.end(sample, FAILED)
    world.store.note_ends([told])
    world.clock.sleep(1)
    world.retry()
    assert world.store.note_ends([told]) == 0
    assert world.totals() == {RUNNING: 1}


def test_a_redrive_without_an_answer_is_made_again(world: World) -> None:
    world.launch(1)
    world.end_all(FAILED)
    world.workflows.answers.append(UnclearError("ReadTimeoutError"))
    world.workflows.lost_answers = 1
    world.retry()
    assert world.workflows.redriven == {"run-7.1.s0000": 1}
    assert world.workflows.started == {"run-7.1.s0000": 1}


def test_a_redrive_that_was_noted_only_is_made_by_the_reconciler(world: World) -> None:
    world.launch(1)
    world.end_all(FAILED)
    world.clock.sleep(1)
    world.workflows.answers.append(RejectedError("no"))
    with pytest.raises(RejectedError):
        world.retry()
    world.reconcile()
    assert world.workflows.redriven == {"run-7.1.s0000": 1}
    assert world.totals() == {RUNNING: 1}


def test_the_lost_end_of_a_redriven_sample_is_counted(world: World) -> None:
    world.launch(1)
    world.end_all(FAILED)
    world.clock.sleep(1)
    world.retry()
    world.clock.sleep(1)
    world.end(world.samples()[0], SUCCEEDED)
    world.reconcile()
    assert world.totals() == {SUCCEEDED: 1}


def test_a_redrive_that_a_cancel_came_before_leaves_the_sample_as_it_had_ended(world: World) -> None:
    world.launch(1)
    world.end_all(FAILED)
    world.clock.sleep(1)
    world.workflows.answers.append(RejectedError("no"))
    with pytest.raises(RejectedError):
        world.retry()
    _cancel(world)
    world.reconcile()
    world.reconcile()
    assert not world.workflows.redriven
    assert world.totals() == {FAILED: 1}


def test_samples_are_tried_again_with_the_inputs_of_a_mended_sheet(world: World) -> None:
    world.launch(3)
    world.end_all(FAILED)
    mended = SheetPlace("jsonl", inline='{"sample":"s0000","reads":"mended"}\n{"sample":"s0001"}\n')
    world.retry(sheet=mended)
    assert world.workflows.inputs["run-7.2.s0000"] == ('{"sample":"s0000","reads":"mended","cohort":"run-7"}')
    assert world.workflows.redriven == {"run-7.1.s0001": 1}, "its input is what it was"
    assert world.totals() == {RUNNING: 2, FAILED: 1}


def test_a_sheet_with_more_samples_starts_those(world: World) -> None:
    world.launch(2 * MAX_BLOCK)
    world.end_all(SUCCEEDED)
    world.clock.sleep(1)
    world.telemetry.drain()
    progress = world.launch(2 * MAX_BLOCK + 3)
    assert (progress.done, progress.cohort.total) == (True, 2 * MAX_BLOCK + 3)
    assert world.totals() == {RUNNING: 3, SUCCEEDED: 2 * MAX_BLOCK}
    assert world.telemetry.drain()["SamplesStarted"] == 3
    assert set(world.workflows.started.values()) == {1}


def test_a_sheet_that_was_compared_while_samples_started_is_compared_again() -> None:
    class Meanwhile(MemoryCohortStore):
        def samples(self, cohort: str) -> Iterator[Sample]:
            found = super().samples(cohort)
            known = self.cohorts[cohort]
            self.cohorts[cohort] = replace(known, next_row=known.next_row + 1)
            return found

    world = World(store=Meanwhile())
    world.launch(3 * MAX_BLOCK, seconds=1.5)
    with pytest.raises(BusyError):
        world.launch(3 * MAX_BLOCK + 1)
    assert world.cohort().total == 3 * MAX_BLOCK


def test_a_sheet_with_more_samples_that_is_older_than_a_retry_says_so(world: World) -> None:
    asked_at = world.now_ms
    world.launch(2)
    world.end_all(FAILED)
    world.clock.sleep(1)
    world.retry()
    with pytest.raises(CohortConflictError, match="retried cohort run-7 after this sheet"):
        world.launch(3, as_of=asked_at)


def test_a_run_of_the_sheet_before_starts_nothing_more(world: World) -> None:
    asked_at = world.now_ms
    world.launch(3 * MAX_BLOCK, seconds=1.5)
    world.clock.sleep(1)
    assert world.launch(3 * MAX_BLOCK + 1, seconds=1.5).cohort.total == 3 * MAX_BLOCK + 1
    with pytest.raises(CohortConflictError):
        world.launch(3 * MAX_BLOCK, as_of=asked_at)
    assert world.launch(3 * MAX_BLOCK + 1).done
    assert world.totals() == {RUNNING: 3 * MAX_BLOCK + 1}
    assert set(world.workflows.started.values()) == {1}


def test_there_is_nothing_to_retry_in_an_unknown_cohort(world: World) -> None:
    with pytest.raises(CohortConflictError, match="there is no cohort run-7"):
        world.retry()


def test_a_cancelled_cohort_starts_nothing_more_for_whoever_asked_before(world: World) -> None:
    asked_at = world.now_ms
    world.launch(2 * MAX_BLOCK, seconds=0.9)
    world.clock.sleep(1)
    world.store.cancel("run-7")
    progress = world.launch(2 * MAX_BLOCK, as_of=asked_at)
    assert (progress.done, progress.cancelled, progress.cohort.state) == (True, True, "CANCELLED")
    assert world.totals() == {RUNNING: MAX_BLOCK}
    world.clock.sleep(1)
    assert world.launch(2 * MAX_BLOCK).cohort.state == "ACTIVE"
    assert world.totals() == {RUNNING: 2 * MAX_BLOCK}


@pytest.mark.parametrize("again", ["launch", "retry"])
def test_who_asked_before_a_cancel_starts_nothing_though_somebody_asked_since(
    world: World, again: str
) -> None:
    asked_at = world.now_ms
    world.launch(3 * MAX_BLOCK, seconds=0.9)
    world.clock.sleep(1)
    world.store.cancel("run-7")
    world.clock.sleep(1)
    wanted = world.launch(3 * MAX_BLOCK, seconds=0.9) if again == "launch" else world.retry()
    assert wanted.cohort.state == "ACTIVE"
    started = wanted.cohort.started
    progress = world.launch(3 * MAX_BLOCK, as_of=asked_at)
    assert (progress.done, progress.cancelled, progress.cohort.started) == (True, True, started)
    assert progress.cohort.state == "ACTIVE"


def test_an_end_is_counted_however_often_it_is_told(world: World) -> None:
    world.launch(1)
    (sample,) = world.samples()
    told = ended(name="run-7.1.s0000", executionArn=sample.execution_arn, status="SUCCEEDED")
    assert world.counter.count({"a": told, "b": told, "c": "not ours"}) == []
    assert world.counter.count({"d": told}) == []
    assert world.totals() == {SUCCEEDED: 1}
    assert world.telemetry.drain() == {"SamplesStarted": 1, "SamplesEnded": 1, "EventsIgnored": 2}


def test_ends_that_cannot_be_counted_come_again(world: World) -> None:
    world.launch(1)
    (sample,) = world.samples()
    told = ended(name="run-7.1.s0000", executionArn=sample.execution_arn)
    world.store.broken = deque([ThrottledError("slow down")])
    assert world.counter.count({"a": told, "b": "not ours", "c": told}) == ["a", "c"]
    assert [(cohort, ends) for cohort, ends, _ in world.telemetry.ends] == [("run-7", 1)]
    assert world.counter.count({"a": told, "c": told}) == []
    assert world.totals() == {FAILED: 1}


def test_an_end_of_which_no_event_told_is_counted(world: World) -> None:
    world.launch(2)
    (first, second) = world.samples()
    world.end(first, FAILED)
    world.reconcile()
    assert world.totals() == {RUNNING: 1, FAILED: 1}
    assert world.samples()[1].looked_at > second.looked_at


def test_a_sample_is_looked_at_once_in_a_while(world: World) -> None:
    world.launch(1)
    (sample,) = world.samples()
    world.end(sample, SUCCEEDED)
    world.reconcile(after_seconds=800)
    assert world.totals() == {RUNNING: 1}


def test_a_sample_that_was_noted_and_never_started_is_started(world: World) -> None:
    world.workflows.answers.append(RejectedError("no"))
    with pytest.raises(RejectedError):
        world.launch(1)
    world.reconcile()
    assert world.workflows.started == {"run-7.1.s0000": 1}
    assert world.telemetry.drain()["SamplesResumed"] == 1


def test_a_sample_that_cannot_be_started_fails_by_name(world: World) -> None:
    world.workflows.answers.extend([RejectedError("no"), RejectedError("no")])
    with pytest.raises(RejectedError):
        world.launch(1)
    world.reconcile()
    (sample,) = world.samples()
    assert (sample.status, sample.error) == (FAILED, NOT_STARTED)
    assert world.totals() == {FAILED: 1}
    assert world.telemetry.samples[0][:2] == ("run-7", "s0000")


def test_a_cancelled_cohort_is_stopped_to_the_last_sample(world: World) -> None:
    world.launch(2)
    del world.workflows.ends[world.samples()[0].execution_arn]
    world.clock.sleep(1)
    world.store.cancel("run-7")
    world.reconcile()
    world.reconcile()
    never_started, stopped = world.samples()
    assert set(world.workflows.started.values()) == {1}
    assert (never_started.status, never_started.error) == (ABORTED, CANCELLED_ERROR)
    assert world.workflows.stopped == [stopped.execution_arn]
    assert world.totals() == {ABORTED: 2}


@dataclass
class Throttled(FakeWorkflows):
    """Refuses every start until somebody's time has come; `at_ms` has what happens meanwhile."""

    clock: FakeClock = field(default_factory=FakeClock)
    until_ms: int = 0
    meanwhile: dict[int, Callable[[], None]] = field(default_factory=dict)

    def start(self, workflow_arn: str, name: str, payload: str) -> None:
        for at_ms in [at_ms for at_ms in self.meanwhile if at_ms <= self.clock.now_ms()]:
            self.meanwhile.pop(at_ms)()
        if self.clock.now_ms() < self.until_ms:
            self.clock.sleep(1)
            raise ThrottledError("ThrottlingException")
        super().start(workflow_arn, name, payload)


def throttled(seconds: float) -> tuple[World, Throttled]:
    workflows = Throttled()
    workflows.until_ms = workflows.clock.now_ms() + round(seconds * 1000)
    return World(clock=workflows.clock, workflows=workflows), workflows


def test_a_cancel_is_heeded_within_a_block_while_starts_are_throttled() -> None:
    world, workflows = throttled(seconds=300)
    workflows.meanwhile[world.now_ms + 60_000] = lambda: _cancel(world)
    progress = world.launch(50, seconds=870)
    assert (progress.done, progress.cancelled) == (True, True)
    assert world.now_ms - (progress.cohort.cancelled_at or 0) < 10_000
    assert not workflows.started


def test_a_cancel_is_heeded_within_a_block_that_starts_slowly(world: World) -> None:
    slow = world.workflows = Throttled(clock=world.clock)
    slow.meanwhile[world.now_ms + 200] = lambda: _cancel(world)
    world.limit = Limit(5, burst=2)
    world.launch(MAX_BLOCK)
    assert 1 <= len(slow.started) <= 1 + 5 * (LOOK_SECONDS + 1)


def test_a_sample_is_given_up_only_when_nobody_can_start_it_any_more() -> None:
    world, workflows = throttled(seconds=1200)
    world.launch(1, seconds=870)
    _cancel(world)
    world.reconcile()
    assert world.totals() == {RUNNING: 1}, "one that was told to start it before the cancel may still run"
    world.reconcile()
    assert world.totals() == {ABORTED: 1}
    assert not workflows.started


def test_what_one_starts_late_of_a_cancelled_cohort_is_found_and_stopped() -> None:
    """A starter that is held up starts a sample after the cancel, and after the reconciler has looked."""
    world, _ = throttled(seconds=1200)
    world.launch(1, seconds=30)
    world.clock.sleep(880)
    _cancel(world)
    world.reconcile(after_seconds=30)
    (sample,) = world.samples()
    FakeWorkflows.start(world.workflows, WORKFLOW, str(sample.execution_name), sample.input)
    world.reconcile()
    assert world.workflows.stopped == [sample.execution_arn]
    world.reconcile()
    assert world.totals() == {ABORTED: 1}


def test_what_a_cancelled_launch_left_is_not_started_though_the_cohort_goes_on() -> None:
    world, workflows = throttled(seconds=100)
    world.launch(1, seconds=30)
    _cancel(world)
    world.clock.sleep(3)
    world.retry()
    world.reconcile()
    assert not workflows.started
    assert world.totals() == {RUNNING: 1}, "a retry may have found it noted, and may start it yet"
    world.reconcile()
    assert world.totals() == {ABORTED: 1}
    world.retry()
    assert [sample.attempt for sample in world.samples()] == [2]
    assert world.totals() == {RUNNING: 1}


def _cancel(world: World) -> None:
    world.store.cancel("run-7")


def test_a_sample_of_a_forgotten_cohort_is_left_alone(world: World) -> None:
    world.workflows.answers.append(RejectedError("no"))
    with pytest.raises(RejectedError):
        world.launch(1)
    world.store.cohorts.clear()
    world.reconcile()
    assert not world.workflows.started


def test_one_sample_that_cannot_be_healed_does_not_hold_up_the_others(world: World) -> None:
    world.launch(2)
    for sample in world.samples():
        world.end(sample, SUCCEEDED)
    world.store.broken = deque([UnclearError("ReadTimeoutError")])
    world.reconcile()
    assert world.totals() == {RUNNING: 1, SUCCEEDED: 1}
    assert len(world.telemetry.samples) == 1


def test_a_run_ends_in_time_and_the_next_goes_on(world: World) -> None:
    world.launch(40)
    for sample in world.samples():
        world.end(sample, SUCCEEDED)
    world.clock.sleep(901)
    world.reconciler.reconcile(world.clock.now_us() + MICROSECONDS // 10)
    assert 0 < world.totals()[RUNNING] < 40
    world.reconciler.reconcile(world.clock.now_us() + 10 * MICROSECONDS)
    assert world.totals() == {SUCCEEDED: 40}


def test_a_run_fits_into_its_schedule_and_into_its_functions_time() -> None:
    assert begin_until_us(0, remaining_seconds=900) == 270 * MICROSECONDS
    assert begin_until_us(0, remaining_seconds=60) == 30 * MICROSECONDS
