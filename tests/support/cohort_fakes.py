"""In-memory implementations of the cohorts' ports; the contract tests run them beside the real adapters."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sluice.cohorts.model import (
    RunningSample,
    SampleEnd,
    SampleStatus,
    changes_of_end,
    changes_of_start,
    read_execution_name,
    started,
    status_to_leave,
)
from sluice.cohorts.redrives import HistoryEnd
from sluice.errors import (
    CohortCancelledError,
    DoesNotExistError,
    NotRedrivableError,
    RejectedError,
    ThrottledError,
    UnclearError,
)
from tests.support.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sluice.cohorts.blocks import Block
    from sluice.cohorts.model import Cohort, Sample, Start
    from sluice.cohorts.request import SheetPlace
    from sluice.errors import ServiceError


@dataclass
class MemoryCohortStore:
    """The cohort table in memory.

    `broken` holds what the next writes of ends do before they work again, `now_ms` is the table's own clock.
    """

    cohorts: dict[str, Cohort] = field(default_factory=dict)
    items: dict[tuple[str, str], Sample] = field(default_factory=dict)
    broken: deque[ServiceError] = field(default_factory=deque)
    lock: threading.RLock = field(default_factory=threading.RLock)
    now_ms: Callable[[], int] = FakeClock().now_ms

    def create(self, cohort: Cohort) -> Cohort:
        with self.lock:
            return self.cohorts.setdefault(cohort.name, _counted(cohort, {}))

    def extend(self, cohort: Cohort, sheet: tuple[str, int], as_of: int) -> Cohort | None:
        with self.lock:
            known = self.cohorts[cohort.name]
            was = (known.sheet_sha256, known.next_row)
            if was != (cohort.sheet_sha256, cohort.next_row) or known.asked_at > as_of:
                return None
            sha256, total = sheet
            extended = replace(known, sheet_sha256=sha256, total=total, next_row=0, asked_at=as_of)
            self.cohorts[cohort.name] = extended
            return extended

    def cohort(self, name: str) -> Cohort | None:
        return self.cohorts.get(name)

    def all_cohorts(self) -> Iterator[Cohort]:
        return iter(list(self.cohorts.values()))

    def reopen(self, cohort: Cohort, as_of: int) -> Cohort:
        with self.lock:
            known = self.cohorts[cohort.name]
            if known.is_cancelled and not known.refuses(as_of):
                self.cohorts[cohort.name] = replace(known, reopened_at=as_of)
            return self.cohorts[cohort.name]

    def cancel(self, name: str) -> Cohort | None:
        with self.lock:
            if name not in self.cohorts:
                return None
            cohort = self.cohorts[name]
            at_ms = cohort.cancel_at(self.now_ms())
            self.cohorts[name] = replace(cohort, cancelled_at=at_ms, updated_at=at_ms)
            return self.cohorts[name]

    def samples(self, cohort: str) -> Iterator[Sample]:
        return iter([each for (owner, _), each in sorted(self.items.items()) if owner == cohort])

    def sample(self, cohort: str, name: str) -> Sample | None:
        return self.items.get((cohort, name))

    def begin(self, block: Block, now_ms: int) -> list[Sample]:
        with self.lock:
            cohort = self.cohorts.get(block.cohort.name)
            is_old = (
                block.next_row is not None and cohort and cohort.sheet_sha256 != block.cohort.sheet_sha256
            )
            if cohort is None or cohort.refuses(block.as_of) or is_old:
                raise CohortCancelledError(block.cohort.name)
            held = [start for start in block.starts if self._may_start(cohort, start)]
            for start in held:
                self.items[cohort.name, start.sample] = started(cohort, start, block.noted_at(now_ms))
            next_row = cohort.next_row if block.next_row is None else block.next_row
            counted = _counted(cohort, changes_of_start(held))
            self.cohorts[cohort.name] = replace(
                counted, next_row=next_row, asked_at=block.as_of, updated_at=now_ms
            )
            known = [self.items[cohort.name, start.sample] for start in block.starts]
            return [sample for sample in known if sample.status is SampleStatus.RUNNING]

    def note_ends(self, ends: Sequence[SampleEnd]) -> int:
        with self.lock:
            if self.broken:
                raise self.broken.popleft()
            return sum(self._note_end(end) for end in ends)

    def running_samples(self, before_ms: int) -> Iterator[RunningSample]:
        running = [each for each in self.items.values() if each.status is SampleStatus.RUNNING]
        due = sorted((each for each in running if each.looked_at <= before_ms), key=lambda s: s.looked_at)
        return iter([RunningSample(each.cohort, each.name, each.looked_at) for each in due])

    def claim(self, sample: RunningSample, now_ms: int) -> Sample | None:
        with self.lock:
            known = self.items.get((sample.cohort, sample.name))
            if known is None or known.status is not SampleStatus.RUNNING:
                return None
            if known.looked_at != sample.looked_at:
                return None
            claimed = self.items[sample.cohort, sample.name] = replace(known, looked_at=now_ms)
            return claimed

    def _may_start(self, cohort: Cohort, start: Start) -> bool:
        known = self.items.get((cohort.name, start.sample))
        if known is None or start.before is None:
            return known is None and start.before is None
        return _place(known) == _place(start.before)

    def _note_end(self, end: SampleEnd) -> bool:
        key = (end.name.cohort, end.name.sample)
        known = self.items.get(key)
        before = status_to_leave(known, end) if known else None
        if known is None or before is None or before is SampleStatus.SUCCEEDED:
            return False
        self.items[key] = replace(known, status=end.status, stopped_at=end.stopped_at, error=end.error)
        counted = _counted(self.cohorts[known.cohort], changes_of_end([end], before))
        self.cohorts[known.cohort] = replace(counted, updated_at=end.stopped_at)
        return True


def _place(sample: Sample) -> tuple[int, SampleStatus, int | None]:
    """Where a sample stands: an execution may end twice with one status, but not at one time."""
    return sample.attempt, sample.status, sample.stopped_at or sample.ended_before


def _counted(cohort: Cohort, changes: Mapping[SampleStatus, int]) -> Cohort:
    counts = {status: cohort.counts.get(status, 0) + changes.get(status, 0) for status in SampleStatus}
    return replace(cohort, counts=counts)


@dataclass
class FakeWorkflows:
    """Executions of any workflow; `answers` holds what the next starts do before they work again."""

    ends: dict[str, SampleEnd | None] = field(default_factory=dict)
    started: Counter[str] = field(default_factory=Counter)
    inputs: dict[str, str] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    answers: deque[ServiceError] = field(default_factory=deque)
    lost_answers: int = 0
    redriven: Counter[str] = field(default_factory=Counter)
    tokens: set[str] = field(default_factory=set)
    histories: dict[str, HistoryEnd] = field(default_factory=dict)
    unredrivable: set[str] = field(default_factory=set)
    lost_histories: int = 0
    throttled_looks: int = 0
    kinds: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def kind(self, workflow_arn: str) -> str:
        if "gone" in workflow_arn:
            raise RejectedError("StateMachineDoesNotExist")
        return self.kinds.get(workflow_arn, "STANDARD")

    def start(self, workflow_arn: str, name: str, payload: str) -> None:
        with self.lock:
            if self.answers and not self.lost_answers:
                raise self.answers.popleft()
            arn = _arn(workflow_arn, name)
            if arn not in self.ends:
                self.ends[arn] = None
                self.started[name] += 1
                self.inputs[name] = payload
            if self.lost_answers:
                self.lost_answers -= 1
                raise self.answers.popleft()

    def redrive(self, execution_arn: str, token: str) -> None:
        with self.lock:
            if token in self.tokens:
                return
            if self.answers and not self.lost_answers:
                raise self.answers.popleft()
            if self._end(execution_arn) is None or execution_arn in self.unredrivable:
                raise NotRedrivableError(execution_arn)
            self.tokens.add(token)
            self.ends[execution_arn] = None
            self.redriven[execution_arn.rsplit(":", 1)[1]] += 1
            if self.lost_answers:
                self.lost_answers -= 1
                raise self.answers.popleft()

    def history_end(self, execution_arn: str) -> HistoryEnd:
        if self.lost_histories:
            self.lost_histories -= 1
            raise UnclearError("ReadTimeoutError")
        self._end(execution_arn)
        return self.histories.get(execution_arn, HistoryEnd(events=12, in_fail_state=False))

    def ended(self, execution_arn: str) -> SampleEnd | None:
        if self.throttled_looks:
            self.throttled_looks -= 1
            raise ThrottledError("ThrottlingException")
        return self._end(execution_arn)

    def _end(self, execution_arn: str) -> SampleEnd | None:
        if execution_arn not in self.ends:
            raise DoesNotExistError(execution_arn)
        return self.ends[execution_arn]

    def stop(self, execution_arn: str, error: str) -> None:
        assert error
        if self._end(execution_arn) is None:
            self.stopped.append(execution_arn)
            self.end(execution_arn, SampleStatus.ABORTED)

    def end(self, execution_arn: str, status: SampleStatus, stopped_at: int = 5000) -> SampleEnd:
        """Ends an execution and returns what Step Functions says of it."""
        name = read_execution_name(execution_arn.rsplit(":", 1)[1])
        assert name is not None
        end = self.ends[execution_arn] = SampleEnd(name, execution_arn, status, stopped_at)
        return end


def _arn(workflow_arn: str, name: str) -> str:
    return f"{workflow_arn.replace(':stateMachine:', ':execution:')}:{name}"


@dataclass
class KeptSheets:
    """Sheets by key."""

    bodies: dict[str, bytes] = field(default_factory=dict)

    def read(self, place: SheetPlace) -> bytes:
        return self.bodies[place.key] if place.key else (place.inline or "").encode()
