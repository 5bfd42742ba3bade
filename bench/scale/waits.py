"""How long jobs waited to be submitted, kept in little memory, and the backlog that this makes."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field


def _numbers() -> "array[float]":
    return array("d")


@dataclass
class Waits:
    """The moments of all submitted jobs, in seconds: when each could be submitted, and when it was."""

    ready: "array[float]" = field(default_factory=_numbers)
    submitted: "array[float]" = field(default_factory=_numbers)

    def add(self, ready_at: float, submitted_at: float) -> None:
        """Notes a job that was accepted."""
        self.ready.append(ready_at)
        self.submitted.append(submitted_at)


@dataclass
class Backlog:
    """How long there was a backlog in all, and how many jobs were submitted within."""

    seconds: float = 0.0
    submitted: int = 0

    @property
    def rate_per_second(self) -> float | None:
        """Submissions a second while there was a backlog; None if there was none."""
        return self.submitted / self.seconds if self.seconds > 0 else None


def measure_backlog(waits: Waits, quota_per_second: float) -> Backlog:
    """Measures as `bench.backlog.find_backlog` does, in one pass, for millions of jobs."""
    threshold = max(1.0, quota_per_second)
    backlog, waiting, begin, end = Backlog(), 0, None, None
    for at, change in _changes(waits):
        waiting += change
        if change < 0 and ((begin is not None and at > begin) or at == end):
            backlog.submitted += 1
        if begin is None and waiting >= threshold:
            begin = at
        elif begin is not None and waiting < threshold:
            end = at if at > begin else end
            backlog.seconds += at - begin
            begin = None
    return backlog


def _changes(waits: Waits) -> Iterator[tuple[float, int]]:
    """When one job more or less waits, in order; before the first submission none does."""
    submitted = sorted(waits.submitted)
    first = submitted[0] if submitted else 0.0
    ready = (max(at, first) for at in sorted(waits.ready))
    next_ready = next(ready, None)
    for at in submitted:
        while next_ready is not None and next_ready <= at:
            yield next_ready, 1
            next_ready = next(ready, None)
        yield at, -1
