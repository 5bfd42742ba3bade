"""What one run left behind, as Local AWS counts it; no contender has a say in it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.contenders.contender import Ended
from bench.machine import CpuSample
from sluice_local.observing import ApiCalls, JobRow, Usage

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


def jobs_of_samples(rows: Iterable[JobRow], told: Mapping[str, str]) -> tuple[SeenJob, ...]:
    """Find out whose each job is; the parent of an array is no job of its own.

    Args:
        rows: of the page `jobs`.
        told: samples that a contender tells, by job id; the others are read from the jobs.
    """
    return tuple(
        SeenJob(
            sample=told.get(job.job_id) or sample_of(job),
            status=job.status,
            created_s=job.created_s,
            started_s=job.started_s,
            stopped_s=job.stopped_s,
        )
        for job in rows
        if not job.is_array
    )


def sample_of(job: JobRow) -> str | None:
    """Find the name of a job's sample in its name, its parameters or its command."""
    for text in (job.name, *job.parameters.values(), job.command):
        found = _SAMPLE.search(text)
        if found:
            return found[0]
    return None
