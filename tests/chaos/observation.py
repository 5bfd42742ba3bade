"""What one round left behind, as Local AWS counts it; Sluice has no say in it. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sluice_local.observing import ENDED, read_forgotten_jobs, read_jobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sluice_local.observing import JobRow
    from tests.chaos.cohort import Run

FORGOTTEN: Final = "FORGOTTEN"
"""The status of a job that Batch has lost; its program has ended."""

TERMINAL: Final = ENDED | {FORGOTTEN}
TOKEN_DIGITS: Final = 24
"""So much of a token is enough to know it by; nobody needs to log that."""

_TOKEN_SHAPE: Final = re.compile(r"[A-Za-z0-9+/]{200,}")
"""A task token is base64 of some 300 bytes, and nothing else in a log is that long a word."""


@dataclass(frozen=True)
class SeenJob:
    """A Batch job. `task_id` stands for its task's token; children of arrays are `children` of their parent.

    `reason` joins all that Batch says of its end; `by_hand` is set for a job that somebody ended.
    """

    job_id: str
    task_id: str
    name: str
    workflow: str
    state: str
    status: str
    attempts: int
    created_s: float
    reason: str = ""
    by_hand: bool = False
    children: tuple[SeenJob, ...] = ()

    @property
    def ended(self) -> bool:
        """True when Batch will not change the job any more."""
        return self.status in TERMINAL


@dataclass(frozen=True)
class SeenExecution:
    """A workflow's execution; `stopped` tells that a person stopped it while it ran."""

    name: str
    status: str
    error: str | None = None
    stopped: bool = False


@dataclass(frozen=True)
class SeenPoller:
    """An execution of the poller; times are seconds since the epoch, None while it runs."""

    name: str
    status: str
    started_s: float
    stopped_s: float | None


@dataclass(frozen=True)
class Observation:
    """All that was seen of a round.

    Attributes:
        runs: the executions that there should be.
        executions: as Step Functions shows them, by name.
        jobs: all Batch jobs of the round, children of arrays in their parents, oldest first.
        tries: how often Step Functions scheduled each state, by execution and state.
        open_items: the executions whose task item is still open.
        leaks: lines of the functions' logs that hold a task token, shortened.
        messages: what lies in each queue, by its logical name.
        pollers: executions of the poller that ran at some time of the round.
        seen_s: when they were looked at, in seconds since the epoch.
        rate_per_second: what the stack was told.
        burst: likewise.
    """

    runs: tuple[Run, ...]
    executions: Mapping[str, SeenExecution]
    jobs: tuple[SeenJob, ...]
    tries: Mapping[tuple[str, str], int]
    open_items: tuple[str, ...]
    leaks: tuple[str, ...]
    messages: Mapping[str, int]
    pollers: tuple[SeenPoller, ...]
    seen_s: float
    rate_per_second: float
    burst: int

    def last_try(self, run: str, state: str) -> list[SeenJob]:
        """The jobs of the last try of a state that had any; each try has a token of its own."""
        by_task: defaultdict[str, list[SeenJob]] = defaultdict(list)
        for job in self.jobs:
            if (job.workflow, job.state) == (run, state):
                by_task[job.task_id].append(job)
        return list(by_task.values())[-1] if by_task else []


@dataclass(frozen=True)
class Member:
    """A task whose job is the child of an array: its key, and the job as its input has it."""

    key: str
    job: Mapping[str, Any]


def with_own_names(page: Mapping[str, Any], shared: Mapping[str, Mapping[int, Member]]) -> dict[str, Any]:
    """The page of jobs with each child of a shared array as its own task's job, and without such arrays.

    Args:
        page: `/_sluice/jobs`.
        shared: the members of such arrays by their indices, by the arrays' ids.
    """
    return {**page, **{name: list(_own_rows(page[name], shared)) for name in ("jobs", "forgotten")}}


def _own_rows(rows: Iterable[Any], shared: Mapping[str, Mapping[int, Member]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        array_id = row["parameters"].get("taskArray")
        if array_id is None:
            yield row
        elif "index" in row.get("arrayProperties", {}):
            member = shared[array_id][row["arrayProperties"]["index"]]
            parameters = {**member.job["parameters"], "taskJob": member.job["jobName"]}
            yield {**row, "parameters": parameters, "taskId": member.key[:16]}


def rows_of_round(page: Mapping[str, Any], label: str) -> list[JobRow]:
    """Picks the jobs of the round that `label` names from the page `/_sluice/jobs`, the lost ones too."""
    lost = [replace(row, status=FORGOTTEN) for row in read_forgotten_jobs(page)]
    rows = [*read_jobs(page), *lost]
    return [row for row in rows if row.parameters.get("workflow", "").startswith(f"{label}-")]


def jobs_of_round(rows: Sequence[JobRow], details: Mapping[str, Mapping[str, Any]]) -> tuple[SeenJob, ...]:
    """Makes a round's jobs of its rows, the children of an array within their parent.

    Args:
        rows: of the page `/_sluice/jobs`.
        details: DescribeJobs' answers by id, of those jobs that failed.
    """
    seen = {row.job_id: _job(row, details.get(row.job_id, {})) for row in rows}
    children: defaultdict[str, list[SeenJob]] = defaultdict(list)
    for job_id, job in seen.items():
        parent_id, child, _ = job_id.partition(":")
        if child and parent_id in seen:  # that of an array which tasks share is a job like any other
            children[parent_id].append(job)
    parents = [
        replace(job, children=tuple(children[job_id]))
        for job_id, job in seen.items()
        if job_id.partition(":")[0] == job_id or job_id.partition(":")[0] not in seen
    ]
    return tuple(sorted(parents, key=lambda job: job.created_s))


def _job(row: JobRow, detail: Mapping[str, Any]) -> SeenJob:
    reasons = (row.status_reason, detail.get("container", {}).get("reason"))
    return SeenJob(
        job_id=row.job_id,
        task_id=row.task_id or "",
        name=row.parameters.get("taskJob", ""),
        workflow=row.parameters["workflow"],
        state=row.parameters["state"],
        status=row.status,
        attempts=row.attempts,
        created_s=row.created_s,
        reason="; ".join(reason for reason in reasons if reason),
        by_hand=bool(detail.get("isTerminated") or detail.get("isCancelled")),
    )


def count_tries(events: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Counts in an execution's history how often each Activity state was scheduled."""
    counts: Counter[str] = Counter()
    state = ""
    for event in events:
        if event["type"] == "TaskStateEntered":
            state = event["stateEnteredEventDetails"]["name"]
        counts[state] += event["type"] == "ActivityScheduled"
    return {name: count for name, count in counts.items() if count}


def find_leaks(lines: Iterable[str], tokens: Iterable[str]) -> tuple[str, ...]:
    """Finds the lines that hold a token, its first 24 characters, or any word that looks like one."""
    needles = {token[:TOKEN_DIGITS] for token in tokens}
    return tuple(
        line[:120] for line in lines if _TOKEN_SHAPE.search(line) or any(needle in line for needle in needles)
    )
