"""When work waited to be submitted, and how fast it was submitted then.

A job waits from the moment at which it could be submitted (the first of a sample: when the cohort was handed
over; any other: when the job before it stopped) until Batch accepts it. There is a backlog while at least as
many jobs wait as the quota admits in one second: with fewer, a second could not be filled whoever submits.
The time before the first submission, in which a contender wakes up, is no backlog; it is in the makespan.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.observation import SeenJob


@dataclass(frozen=True)
class Waited:
    """A job waited to be submitted from `ready_s` to `submitted_s`, in seconds since the epoch."""

    ready_s: float
    submitted_s: float


@dataclass(frozen=True)
class Backlog:
    """The intervals with a backlog, in order, and how many jobs were submitted within them."""

    intervals: tuple[tuple[float, float], ...]
    submitted: int

    @property
    def seconds(self) -> float:
        """How long there was a backlog in all."""
        return sum(end - begin for begin, end in self.intervals)

    @property
    def rate_per_second(self) -> float | None:
        """Submissions a second while there was a backlog; None if there was none."""
        return self.submitted / self.seconds if self.seconds > 0 else None


def waits(samples: Iterable[Sequence[SeenJob]], handed_over_s: float) -> list[Waited]:
    """Tell how long each job waited, given each sample's jobs in order."""
    found = []
    for jobs in samples:
        ready_s: float | None = handed_over_s
        for job in jobs:
            if ready_s is not None:
                found.append(Waited(min(ready_s, job.created_s), job.created_s))
            ready_s = job.stopped_s
    return found


def find_backlog(waited: Iterable[Waited], quota_per_second: float) -> Backlog:
    """Find when a backlog existed; what is submitted at the very begin of an interval is not within it."""
    waited = list(waited)
    threshold = max(1.0, quota_per_second)
    first_s = min((one.submitted_s for one in waited), default=0.0)
    changes = sorted(
        [(max(one.ready_s, first_s), 1) for one in waited] + [(one.submitted_s, -1) for one in waited],
        key=lambda change: change[0],
    )
    intervals: list[tuple[float, float]] = []
    waiting, since = 0, None
    for at_s, change in changes:
        waiting += change
        if since is None and waiting >= threshold:
            since = at_s
        elif since is not None and waiting < threshold:
            intervals.append((since, at_s))
            since = None
    return Backlog(tuple(one for one in intervals if one[1] > one[0]), _submitted_within(waited, intervals))


def _submitted_within(waited: Iterable[Waited], intervals: Iterable[tuple[float, float]]) -> int:
    intervals = tuple(intervals)
    return sum(any(begin < one.submitted_s <= end for begin, end in intervals) for one in waited)
