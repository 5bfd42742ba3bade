"""Starts the executions of a cohort: each sample once, at the shared rate, as far as the time allows."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from sluice.cohorts.blocks import in_blocks
from sluice.cohorts.model import FAILURES, Block, Cohort, SampleStatus, Start
from sluice.cohorts.request import Only
from sluice.cohorts.sheet import SheetRules, decode_sheet, parse_sheet
from sluice.errors import CohortCancelledError, ThrottledError, UnclearError
from sluice.rate.gcra import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sluice.cohorts.model import Sample
    from sluice.cohorts.ports import CohortStore, Executions, Sheets
    from sluice.cohorts.request import SheetPlace, StartRequest
    from sluice.cohorts.sheet import Sheet
    from sluice.ports import Clock, Telemetry, Workers
    from sluice.rate.limiter import Limiter

STANDARD: Final = "STANDARD"

UNCLEAR_TRIES: Final = 3
"""How often a start without a clear answer is made; its name makes sure that one takes effect."""

LOOK_SECONDS: Final = 2
"""How often a run looks whether its cohort was cancelled while it starts a block's samples."""


class CohortConflictError(ValueError):
    """Raised when the cohort of this name is another one; the message says what differs."""


class WorkflowError(ValueError):
    """Raised when the state machine cannot run the samples of a cohort."""


@dataclass(frozen=True)
class Progress:
    """How far a run came: the cohort as it is now, and whether there is no more to start.

    `cancelled` says that the cohort was cancelled after somebody asked for this run.
    """

    cohort: Cohort
    done: bool
    cancelled: bool


@dataclass(frozen=True)
class CohortStarter:
    """Starts samples in blocks: the intent and the counts of a block first, then its executions.

    An execution's name says which attempt at which sample it is, and Step Functions refuses a name twice. So
    whatever was interrupted can be repeated, and nothing starts twice.
    """

    store: CohortStore
    executions: Executions
    sheets: Sheets
    limiter: Limiter
    workers: Workers
    telemetry: Telemetry
    clock: Clock

    def run(self, request: StartRequest, until_us: int) -> Progress:
        """Starts what was asked for, until it is done, the time is up or the cohort is cancelled.

        Raises:
            InvalidSheetError: the sheet has bad rows; nothing was started.
            CohortConflictError: there is another cohort of this name, or none to retry; nothing was started.
            WorkflowError: the state machine keeps no names of executions.
            ServiceError: somebody else's fault; it may be tried again unless it is a RejectedError.
        """
        cohort, blocks = self._retry(request) if request.only is Only.FAILED else self._launch(request)
        try:
            done = all(self._start_block(block, until_us) for block in blocks)
        except CohortCancelledError:
            done = True
        cohort = self.store.cohort(cohort.name) or cohort
        return Progress(cohort, done, cohort.refuses(request.as_of))

    def _launch(self, request: StartRequest) -> tuple[Cohort, Iterator[Block]]:
        assert request.sheet is not None
        assert request.workflow_arn is not None
        sheet = self._read(request.sheet, request)
        cohort = self.store.cohort(request.cohort)
        if cohort is None:
            cohort = self._create(request.cohort, request.workflow_arn, sheet)
        _check_same(cohort, request.workflow_arn, sheet)
        return cohort, launch_blocks(self.store.reopen(cohort, request.as_of), sheet, request.as_of)

    def _read(self, place: SheetPlace, request: StartRequest) -> Sheet:
        text = decode_sheet(self.sheets.read(place))
        return parse_sheet(text, fmt=place.fmt, rules=SheetRules(request.cohort, request.shared))

    def _create(self, name: str, workflow_arn: str, sheet: Sheet) -> Cohort:
        kind = self.executions.kind(workflow_arn)
        if kind != STANDARD:
            raise WorkflowError(
                f"{workflow_arn} is of type {kind}; only executions of STANDARD workflows have names of "
                "their own, so that none starts twice"
            )
        now_ms = self.clock.now_ms()
        total = len(sheet.rows)
        return self.store.create(Cohort(name, workflow_arn, sheet.sha256, total, now_ms, now_ms))

    def _retry(self, request: StartRequest) -> tuple[Cohort, Iterator[Block]]:
        cohort = self.store.cohort(request.cohort)
        if cohort is None:
            raise CohortConflictError(
                f"there is no cohort {request.cohort} of which samples could be retried"
            )
        cohort = self.store.reopen(cohort, request.as_of)
        # all are read before the first starts, as those that start change places among them
        samples = list(self.store.samples(cohort.name))
        return cohort, retry_blocks(cohort, samples, request.as_of)

    def _start_block(self, block: Block, until_us: int) -> bool:
        """Starts a block's samples; False if the time is up before all are started."""
        if self.clock.now_us() >= until_us:
            return False
        samples = self.store.begin(block, self.clock.now_ms())
        lookout = _Lookout(self.store, self.clock, block)
        try:
            self.workers.each(iter(samples), partial(self._start, lookout, until_us))
        except ThrottledError:
            return False
        return True

    def _start(self, lookout: _Lookout, until_us: int, sample: Sample) -> None:
        def start() -> None:
            lookout.check()
            self.executions.start(workflow_arn, str(sample.execution_name), sample.input)

        workflow_arn = lookout.block.cohort.workflow_arn
        for tries in range(1, UNCLEAR_TRIES + 1):
            try:
                self.limiter.call(start, until_us)
            except UnclearError:
                if tries == UNCLEAR_TRIES:
                    raise
            else:
                self.telemetry.count("SamplesStarted")
                return


class _Lookout:
    """Looks now and then whether a block's cohort was cancelled, however many threads ask."""

    def __init__(self, store: CohortStore, clock: Clock, block: Block) -> None:
        """The block was noted just now, so that the cohort is not cancelled yet."""
        self.block = block
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._looked_us = clock.now_us()

    def check(self) -> None:
        """Raises CohortCancelledError once the cohort is cancelled; its samples are left as noted."""
        with self._lock:
            now_us = self._clock.now_us()
            if now_us - self._looked_us < LOOK_SECONDS * MICROSECONDS:
                return
            cohort = self._store.cohort(self.block.cohort.name)
            if cohort is not None and cohort.refuses(self.block.as_of):
                raise CohortCancelledError(f"cohort {cohort.name} was cancelled while its samples started")
            self._looked_us = now_us


def launch_blocks(cohort: Cohort, sheet: Sheet, as_of: int) -> Iterator[Block]:
    """The samples of the rows that were not started yet; each block tells how many rows were before it."""
    total = len(sheet.rows)
    first = cohort.next_row
    for block in in_blocks(Start(row.sample, row.input) for row in sheet.rows[first:]):
        yield Block(cohort, block, as_of, next_row=first)
        first += len(block)
    if cohort.next_row < total:
        yield Block(cohort, (), as_of, next_row=total)


def retry_blocks(cohort: Cohort, samples: Sequence[Sample], as_of: int) -> Iterator[Block]:
    """The samples that had failed when it was asked for, and those whose next attempt was noted only.

    Of the samples that run again, a run before can have failed to start only those that it noted last, at
    once: to start all of them again could take all the time that a run has. They are among the others as
    samples to start for the first time: that changes nothing in their items.
    """
    again = [sample for sample in samples if sample.status is SampleStatus.RUNNING and sample.attempt > 1]
    noted_last_at = max((sample.started_at for sample in again), default=0)
    starts = [
        Start(sample.name, sample.input, before=None if sample.status is SampleStatus.RUNNING else sample)
        for sample in samples
        if is_to_retry(sample, as_of, noted_last_at=noted_last_at)
    ]
    for block in in_blocks(starts):
        yield Block(cohort, block, as_of)


def is_to_retry(sample: Sample, as_of: int, *, noted_last_at: int) -> bool:
    """True for a sample that had failed by then, and for one that was noted last to run again."""
    if sample.status is SampleStatus.RUNNING:
        return sample.attempt > 1 and sample.started_at == noted_last_at
    return sample.status in FAILURES and (sample.stopped_at or 0) <= as_of


def _check_same(cohort: Cohort, workflow_arn: str, sheet: Sheet) -> None:
    if cohort.workflow_arn != workflow_arn:
        raise CohortConflictError(
            f"cohort {cohort.name} runs {cohort.workflow_arn}, not {workflow_arn}; take another name"
        )
    if cohort.sheet_sha256 != sheet.sha256:
        raise CohortConflictError(
            f"cohort {cohort.name} has another sheet of {cohort.total} samples; take another name"
        )
