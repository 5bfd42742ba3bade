"""The words of a cohort: its samples, their executions, and how many stand where; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COHORT_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""It holds no dot, so that it can be told from what follows it in an execution's name."""

SAMPLE_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

MAX_BLOCK: Final = 99
"""Samples that start together, or whose ends are counted together: a transaction of DynamoDB has 100 actions,
of which one is the cohort's.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

MAX_EXECUTION_NAME: Final = 80
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""

ROOM_FOR_ATTEMPT: Final = 8
"""Characters of an execution's name for the attempt and the dots round it: 999,999 attempts."""

WORKFLOW_ARN: Final = re.compile(
    r"(?P<head>arn:[a-z0-9-]+:states:[a-z0-9-]+:\d{12}):stateMachine:(?P<name>[^:]{1,80})(:[^:]{1,80})?"
)
"""A state machine of any partition, Region and account, or one of its versions or aliases."""

_EXECUTION_NAME = re.compile(rf"({COHORT_NAME.pattern})\.([1-9]\d{{0,5}})\.({SAMPLE_NAME.pattern})")


class SampleStatus(StrEnum):
    """Where a sample stands, in the words of Step Functions; every status but RUNNING is an end.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    """

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


ENDS: Final = frozenset(SampleStatus) - {SampleStatus.RUNNING}
FAILURES: Final = ENDS - {SampleStatus.SUCCEEDED}
"""The ends after which a sample may be tried again."""

NOT_STARTED: Final = "Sample.NotStarted"
"""The error of a sample that Step Functions refused to start."""

CANCELLED_ERROR: Final = "Sample.Cancelled"
"""The error of a sample whose cohort was cancelled before it started."""


@dataclass(frozen=True)
class ExecutionName:
    """Which attempt at which sample of which cohort an execution is."""

    cohort: str
    attempt: int
    sample: str

    def __str__(self) -> str:
        """The execution's name."""
        return f"{self.cohort}.{self.attempt}.{self.sample}"

    def arn(self, workflow_arn: str) -> str:
        """The ARN that the execution has as one of this state machine."""
        found = WORKFLOW_ARN.fullmatch(workflow_arn)
        if found is None:
            raise ValueError(f"{workflow_arn!r} is not the ARN of a state machine")
        return f"{found['head']}:execution:{found['name']}:{self}"


def read_execution_name(name: str) -> ExecutionName | None:
    """Reads an execution's name; None if it is not one of a cohort's."""
    found = _EXECUTION_NAME.fullmatch(name)
    return ExecutionName(found[1], int(found[2]), found[3]) if found else None


@dataclass(frozen=True)
class Cohort:
    """A cohort as its item says; times are ms since the epoch.

    `next_row` is the row of the sheet before which all samples were started, `asked_at` when somebody asked
    for the samples that started last. Whoever asked up to `cancelled_at` is refused, also when the cohort
    is wanted again; `reopened_at` is when somebody asked for that.
    """

    name: str
    workflow_arn: str
    sheet_sha256: str
    total: int
    created_at: int
    updated_at: int
    counts: Mapping[SampleStatus, int] = field(default_factory=dict)
    next_row: int = 0
    asked_at: int = 0
    cancelled_at: int | None = None
    reopened_at: int | None = None

    @property
    def is_cancelled(self) -> bool:
        """True if it was cancelled and nobody wanted it to go on since."""
        return self.cancelled_at is not None and (self.reopened_at or 0) <= self.cancelled_at

    @property
    def state(self) -> str:
        """ACTIVE or CANCELLED."""
        return "CANCELLED" if self.is_cancelled else "ACTIVE"

    @property
    def started(self) -> int:
        """How many samples were ever started."""
        return sum(self.counts.values())

    @property
    def over(self) -> bool:
        """True when every sample was started and none is running."""
        return self.started >= self.total and not self.counts.get(SampleStatus.RUNNING)

    def refuses(self, asked_at: int) -> bool:
        """True for whoever asked for samples before it was cancelled, also if it goes on for others."""
        return self.cancelled_at is not None and asked_at <= self.cancelled_at

    @property
    def wanted_at(self) -> int:
        """When somebody last asked for its samples, as far as is known."""
        return max(self.asked_at, self.reopened_at or 0)

    def cancel_at(self, now_ms: int) -> int:
        """Until when a cancel counts: whatever the clock says, whoever is known to have asked is refused."""
        return max(now_ms, self.wanted_at)


@dataclass(frozen=True)
class Sample:
    """A sample as its item says; times are ms since the epoch.

    `started_at` is when its execution was about to be started or redriven, `looked_at` when the reconciler
    last asked about it. `error` and `stopped_at` are set when it has ended. `redrives` counts how often its
    execution went on where it had failed, `ended_before` is when it had ended before the last time.
    """

    cohort: str
    name: str
    attempt: int
    execution_arn: str
    status: SampleStatus
    input: str
    started_at: int
    looked_at: int
    stopped_at: int | None = None
    error: str | None = None
    redrives: int = 0
    ended_before: int | None = None

    @property
    def execution_name(self) -> ExecutionName:
        """Which execution the sample's present attempt is."""
        return ExecutionName(self.cohort, self.attempt, self.name)


@dataclass(frozen=True)
class Start:
    """A sample that is to start, with its execution's input; `before` is what it was, None if it is new.

    With `redrive` the execution of before goes on where it failed, otherwise a new one starts.
    """

    sample: str
    input: str
    before: Sample | None = None
    redrive: bool = False

    @property
    def attempt(self) -> int:
        """The attempt of which it will be an execution."""
        if self.before is None:
            return 1
        return self.before.attempt if self.redrive else self.before.attempt + 1


def started(cohort: Cohort, start: Start, now_ms: int) -> Sample:
    """The sample as it is when its next attempt starts, or its execution goes on."""
    if start.redrive and start.before is not None:
        return replace(
            start.before,
            status=SampleStatus.RUNNING,
            started_at=now_ms,
            looked_at=now_ms,
            stopped_at=None,
            error=None,
            redrives=start.before.redrives + 1,
            ended_before=start.before.stopped_at,
        )
    name = ExecutionName(cohort.name, start.attempt, start.sample)
    return Sample(
        cohort=cohort.name,
        name=start.sample,
        attempt=start.attempt,
        execution_arn=name.arn(cohort.workflow_arn),
        status=SampleStatus.RUNNING,
        input=start.input,
        started_at=now_ms,
        looked_at=now_ms,
    )


@dataclass(frozen=True)
class SampleEnd:
    """The end of a sample's execution; `stopped_at` is ms since the epoch."""

    name: ExecutionName
    execution_arn: str
    status: SampleStatus
    stopped_at: int
    error: str | None = None


@dataclass(frozen=True)
class RunningSample:
    """An entry of the index of running samples."""

    cohort: str
    name: str
    looked_at: int


def changes_of_start(starts: Sequence[Start]) -> dict[SampleStatus, int]:
    """What the counts of a cohort change by when the samples start."""
    changes = {SampleStatus.RUNNING: len(starts)}
    for start in starts:
        if start.before is not None:
            changes[start.before.status] = changes.get(start.before.status, 0) - 1
    return changes


def status_to_leave(sample: Sample, end: SampleEnd) -> SampleStatus | None:
    """The status that a sample leaves by an end; None if the end is another's, or no news.

    A redriven execution ends once more, later, under its ARN; its end before is no news.
    """
    if (sample.attempt, sample.execution_arn) != (end.name.attempt, end.execution_arn):
        return None
    last = sample.ended_before if sample.status is SampleStatus.RUNNING else sample.stopped_at
    return sample.status if last is None or last < end.stopped_at else None


def changes_of_end(
    ends: Sequence[SampleEnd], before: SampleStatus = SampleStatus.RUNNING
) -> dict[SampleStatus, int]:
    """What the counts of a cohort change by when samples end that stood so before."""
    changes = {before: -len(ends)}
    for end in ends:
        changes[end.status] = changes.get(end.status, 0) + 1
    return changes


def together(ends: Sequence[SampleEnd], *, most: int) -> Iterator[list[SampleEnd]]:
    """Groups ends of executions: at most so many, of one cohort, each sample once; in their order."""
    groups: list[dict[tuple[str, str], SampleEnd]] = []
    for end in ends:
        key = (end.name.cohort, end.name.sample)
        room = (group for group in groups if _fits(group, key, most))
        group = next(room, None)
        if group is None:
            groups.append(group := {})
        group[key] = end
    return (list(group.values()) for group in groups)


def _fits(group: Mapping[tuple[str, str], SampleEnd], key: tuple[str, str], most: int) -> bool:
    cohort = next(iter(group))[0]
    return cohort == key[0] and key not in group and len(group) < most
