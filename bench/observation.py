"""What one run left behind, as the observation pages of Local AWS show it; no contender has a say in it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.contenders.contender import Ended
from bench.machine import CpuSample
from sluice_local import observing
from sluice_local.observing import ApiCalls, JobRow

_SAMPLE = re.compile(r"(?<![A-Za-z0-9])s\d{4,}(?![A-Za-z0-9])")


@dataclass(frozen=True)
class SeenJob:
    """One Batch job; times are seconds since the epoch, None for what has not happened."""

    sample: str | None
    status: str
    created_s: float
    started_s: float | None
    stopped_s: float | None


@dataclass(frozen=True)
class Usage:
    """What AWS would bill for.

    Attributes:
        transitions: of all state machines.
        invocations: of all functions.
        gb_seconds: of all functions, cold starts included.
        write_units: DynamoDB's, of all tables with their indexes.
        read_units: likewise.
        messages: that EventBridge put into queues.
    """

    transitions: int = 0
    invocations: int = 0
    gb_seconds: float = 0.0
    write_units: float = 0.0
    read_units: float = 0.0
    messages: int = 0


@dataclass(frozen=True)
class Seen:
    """All that was seen of one run.

    Attributes:
        ended: what the contender says.
        jobs: oldest first.
        calls: by API name, such as `Batch.SubmitJob`.
        usage: what it would cost.
        events_longest: events of the longest execution history, 0 without any.
        memory_mib: the most that each function used, by its name.
        cpu: samples of the whole machine, oldest first.
    """

    ended: Ended
    jobs: tuple[SeenJob, ...]
    calls: Mapping[str, ApiCalls]
    usage: Usage
    events_longest: int
    memory_mib: Mapping[str, float]
    cpu: Sequence[CpuSample]

    def by_sample(self) -> dict[str, list[SeenJob]]:
        """Give each sample's jobs in the order of their submission; jobs of no sample are left out."""
        samples: defaultdict[str, list[SeenJob]] = defaultdict(list)
        for job in sorted(self.jobs, key=lambda job: job.created_s):
            if job.sample is not None:
                samples[job.sample].append(job)
        return dict(samples)


def read_jobs(page: Mapping[str, Any], samples: Mapping[str, str]) -> tuple[SeenJob, ...]:
    """Read the page `/_sluice/jobs`; the parent of an array is no job of its own.

    Args:
        page: the page.
        samples: samples that a contender tells, by job id; the others are read from the jobs.
    """
    return tuple(
        SeenJob(
            sample=samples.get(job.job_id) or sample_of(job),
            status=job.status,
            created_s=job.created_s,
            started_s=job.started_s,
            stopped_s=job.stopped_s,
        )
        for job in observing.read_jobs(page)
        if not job.is_array
    )


def sample_of(job: JobRow) -> str | None:
    """Find the name of a job's sample in its name, its parameters or its command."""
    for text in (job.name, *job.parameters.values(), job.command):
        found = _SAMPLE.search(text)
        if found:
            return found[0]
    return None


def read_usage(
    executions: Iterable[Mapping[str, Any]],
    functions: Mapping[str, Any],
    tables: Mapping[str, Any],
    queues: Mapping[str, int],
) -> Usage:
    """Read the pages `/_sluice/executions`, `functions`, `tables` and `queues`."""
    return Usage(
        transitions=sum(execution["transitions"] for execution in executions),
        invocations=sum(use["invocations"] for use in functions.values()),
        gb_seconds=sum(use["seconds"] * use["memoryMib"] / 1024 for use in functions.values()),
        write_units=sum(use["writeUnits"] for use in tables.values()),
        read_units=sum(use["readUnits"] for use in tables.values()),
        messages=sum(queues.values()),
    )
