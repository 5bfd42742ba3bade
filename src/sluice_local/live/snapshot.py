"""What the live page asks for once a second: a few kilobytes, however large the cohort is; pure.

Counts, rates of the last minutes and the newest failures; nothing grows with the number of samples.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sluice.causes import read_cause
from sluice.cohorts.model import read_execution_name
from sluice_local.live.walls import Wall

POLLER_SUFFIX: Final = "-activity-poller"
"""How template.yaml ends the name of the state machine that polls."""

WINDOW_SECONDS: Final = 300
FAILURES_SHOWN: Final = 20
COHORTS_SHOWN: Final = 20
REASON_SHOWN: Final = 300
UNNAMED: Final = "no named error"


@dataclass(frozen=True)
class Execution:
    """One execution of Step Functions; `stopped_at` is ISO 8601 in UTC."""

    machine: str
    name: str
    status: str
    stopped_at: str | None = None
    error: str | None = None
    cause: str | None = None


@dataclass(frozen=True)
class Queue:
    """The Activity's queue: tasks that nobody has taken, open polls, and tasks that were taken."""

    waiting: int
    polls: int
    taken: int


@dataclass(frozen=True)
class Submits:
    """Calls of SubmitJob: all, those answered with 429, both by second of the epoch, and the quota."""

    count: int
    throttled: int
    per_second: Mapping[int, Sequence[int]]
    quota_per_second: float | None


@dataclass(frozen=True)
class State:
    """All that the page shows, at one moment (seconds since the epoch)."""

    at_second: int
    executions: Sequence[Execution]
    job_statuses: Iterable[str]
    queue: Queue
    submits: Submits
    wall: Wall | None = None


def snapshot(state: State) -> dict[str, Any]:
    """Make what the page shows of one moment."""
    latest = _latest(state.executions)
    failed = [each for each in state.executions if each.status not in {"RUNNING", "SUCCEEDED"}]
    pollers = [each for each in state.executions if each.machine.endswith(POLLER_SUFFIX)]
    return {
        "atSecond": state.at_second,
        "executions": _by_machine(state.executions),
        "cohorts": _by_cohort(latest),
        "jobs": dict(Counter(state.job_statuses)),
        "pollersRunning": sum(each.status == "RUNNING" for each in pollers),
        "tasksWaiting": state.queue.waiting,
        "tasksTaken": state.queue.taken,
        "pollsOpen": state.queue.polls,
        "submits": _submits(state),
        "wall": state.wall and {"name": state.wall.name, "wayOut": state.wall.way_out},
        "errors": dict(Counter(each.error or each.status for each in failed).most_common()),
        "failures": [_failure(each, latest) for each in _newest(failed)],
    }


Latest = dict[tuple[str, str], tuple[int, str]]
"""The last attempt at each sample and its status, by cohort and sample."""


def _latest(executions: Iterable[Execution]) -> Latest:
    found: Latest = {}
    for each in executions:
        name = read_execution_name(each.name)
        if name is not None:
            key = (name.cohort, name.sample)
            found[key] = max(found.get(key, (0, "")), (name.attempt, each.status))
    return found


def _by_cohort(latest: Latest) -> dict[str, dict[str, int]]:
    """How many samples stand how, by their last attempts, of the newest cohorts."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (cohort, _), (_, status) in latest.items():
        counts[cohort][status] += 1
    newest = list(counts)[-COHORTS_SHOWN:]
    return {cohort: dict(counts[cohort]) for cohort in reversed(newest)}


def _by_machine(executions: Iterable[Execution]) -> dict[str, dict[str, int]]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in executions:
        counts[each.machine][each.status] += 1
    return {machine: dict(counts[machine]) for machine in sorted(counts)}


def _submits(state: State) -> dict[str, Any]:
    """The second under way is left out: its count is not yet what it will be."""
    seconds = range(state.at_second - WINDOW_SECONDS, state.at_second)
    pairs = [state.submits.per_second.get(second, (0, 0)) for second in seconds]
    return {
        "count": state.submits.count,
        "throttled": state.submits.throttled,
        "quotaPerSecond": state.submits.quota_per_second,
        "fromSecond": seconds.start,
        "acceptedPerSecond": [pair[0] for pair in pairs],
        "throttledPerSecond": [pair[1] for pair in pairs],
    }


def _newest(failed: Sequence[Execution]) -> list[Execution]:
    return sorted(failed, key=lambda each: each.stopped_at or "", reverse=True)[:FAILURES_SHOWN]


def _failure(execution: Execution, latest: Latest) -> dict[str, Any]:
    """A failure: of a cohort's sample, or of another execution; `later` is how a later attempt stands."""
    cause = read_cause(execution.cause)
    name = read_execution_name(execution.name)
    attempt, status = latest[name.cohort, name.sample] if name else (0, "")
    return {
        "machine": execution.machine,
        "name": execution.name,
        "cohort": name.cohort if name else None,
        "sample": name.sample if name else None,
        "attempt": name.attempt if name else None,
        "later": status if name and attempt > name.attempt else None,
        "error": execution.error or UNNAMED,
        "status": execution.status,
        "job": cause.job,
        "reason": (cause.reason or "")[:REASON_SHOWN],
    }
