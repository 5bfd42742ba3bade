"""Starts the executions of a cohort: each sample once, at the shared rate, as far as the time allows."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from sluice.arns import matches
from sluice.cohorts.attempts import Asked
from sluice.cohorts.blocks import Block, in_blocks, launch_blocks, retry_starts
from sluice.cohorts.model import MAX_BLOCK, Cohort, Start
from sluice.cohorts.redrives import can_redrive
from sluice.cohorts.request import Only
from sluice.cohorts.sheet import SheetRules, parse_sheet, sheet_changes
from sluice.cohorts.sheet_files import decode_sheet
from sluice.errors import BusyError, CohortCancelledError, DoesNotExistError, NoSlotError, UnclearError
from sluice.rate.gcra import MICROSECONDS
from sluice.refusals import workflow_refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sluice.cohorts.attempts import Attempts
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
    attempts: Attempts
    history_limiter: Limiter
    workers: Workers
    telemetry: Telemetry
    clock: Clock
    allowed: tuple[str, ...]

    def run(self, request: StartRequest, until_us: int) -> Progress:
        """Starts what was asked for, until it is done, the time is up or the cohort is cancelled.

        Raises:
            InvalidSheetError: the sheet has bad rows; nothing was started.
            CohortConflictError: there is another cohort of this name, or none to retry; nothing was started.
            WorkflowError: the state machine keeps no names of executions, or the stack must not start it.
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
        self._check_allowed(request.workflow_arn)
        sheet = self._read(request.sheet, request)
        cohort = self.store.cohort(request.cohort)
        if cohort is None:
            cohort = self._create(request.cohort, request.workflow_arn, sheet)
        _check_workflow(cohort, request.workflow_arn)
        if cohort.sheet_sha256 != sheet.sha256:
            cohort = self._extend(cohort, sheet, request.as_of)
        # a cohort whose sheet was extended has started samples of rows that are not passed yet
        is_extended = cohort.started > cohort.next_row + MAX_BLOCK
        known = {each.name for each in self.store.samples(cohort.name)} if is_extended else set[str]()
        return cohort, launch_blocks(self.store.reopen(cohort, request.as_of), sheet, request.as_of, known)

    def _extend(self, cohort: Cohort, sheet: Sheet, as_of: int) -> Cohort:
        """Takes a sheet with more samples than before; one that is another says what differs."""
        inputs = {each.name: each.input for each in self.store.samples(cohort.name)}
        changes = sheet_changes(inputs, sheet)
        if not changes.adds_only:
            raise CohortConflictError(
                f"cohort {cohort.name} has another sheet of {cohort.total} samples. Of those that started, "
                f"{len(changes.changed)} have other inputs here, and {len(changes.missing)} are missing. "
                "Take another name, or `sluice retry --sheet` for samples that failed"
            )
        extended = self.store.extend(cohort, (sheet.sha256, len(sheet.rows)), as_of)
        if extended is None:
            now = self.store.cohort(cohort.name) or cohort
            if now.asked_at > as_of:
                raise CohortConflictError(
                    f"somebody launched or retried cohort {cohort.name} after this sheet with more samples. "
                    "Launch it again"
                )
            raise BusyError(f"samples of cohort {cohort.name} started while its sheet was compared")
        return extended

    def _read(self, place: SheetPlace, request: StartRequest) -> Sheet:
        text = decode_sheet(self.sheets.read(place))
        return parse_sheet(text, fmt=place.fmt, rules=SheetRules(request.cohort, request.shared))

    def _check_allowed(self, workflow_arn: str) -> None:
        if not matches(workflow_arn, self.allowed):
            raise WorkflowError(workflow_refusal(workflow_arn, self.allowed))

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
        self._check_allowed(cohort.workflow_arn)
        inputs = None
        if request.sheet is not None:
            inputs = {row.sample: row.input for row in self._read(request.sheet, request).rows}
        cohort = self.store.reopen(cohort, request.as_of)
        # all are read before the first starts, as those that start change places among them
        samples = list(self.store.samples(cohort.name))
        starts = retry_starts(samples, request.as_of, inputs, from_start=request.from_start)
        return cohort, (Block(cohort, block, request.as_of) for block in in_blocks(starts))

    def _start_block(self, block: Block, until_us: int) -> bool:
        """Starts a block's samples; False if the time is up before all are started."""
        if self.clock.now_us() >= until_us:
            return False
        try:
            block = self._looked_at(block, until_us)
            samples = self.store.begin(block, self.clock.now_ms())
            asked = Asked(block.as_of, until_us, _Lookout(self.store, self.clock, block).check)
            refused = self._start_all(block.cohort, samples, asked)
            if refused:
                self._start_all(block.cohort, self.attempts.note_anew(block.cohort, refused, asked), asked)
        except NoSlotError:
            return False
        return True

    def _start_all(self, cohort: Cohort, samples: Sequence[Sample], asked: Asked) -> list[Sample]:
        """Returns those whose executions cannot go on."""
        refused: list[Sample] = []

        def start(sample: Sample) -> None:
            if self._start(cohort, sample, asked):
                self.telemetry.count("SamplesStarted")
            else:
                refused.append(sample)

        self.workers.each(iter(samples), start)
        return refused

    def _looked_at(self, block: Block, until_us: int) -> Block:
        """The block with redrives only of executions that can go on where they failed."""
        over: set[str] = set()

        def look(start: Start) -> None:
            if start.before is not None and not self._can_redrive(start.before, until_us):
                over.add(start.sample)

        self.workers.each((start for start in block.starts if start.redrive), look)
        starts = [
            replace(start, redrive=start.redrive and start.sample not in over) for start in block.starts
        ]
        return replace(block, starts=starts)

    def _can_redrive(self, sample: Sample, until_us: int) -> bool:
        ask = partial(self.executions.history_end, sample.execution_arn)
        try:
            history = self.history_limiter.call(ask, until_us)
        except DoesNotExistError:
            return False
        except UnclearError:
            return True  # the redrive itself will say
        return can_redrive(sample, history, self.clock.now_ms())

    def _start(self, cohort: Cohort, sample: Sample, asked: Asked) -> bool:
        for _ in range(1, UNCLEAR_TRIES):
            with suppress(UnclearError):
                return self.attempts.start(cohort, sample, asked)
        return self.attempts.start(cohort, sample, asked)


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


def _check_workflow(cohort: Cohort, workflow_arn: str) -> None:
    if cohort.workflow_arn != workflow_arn:
        raise CohortConflictError(
            f"cohort {cohort.name} runs {cohort.workflow_arn}, not {workflow_arn}; take another name"
        )
