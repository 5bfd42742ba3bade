"""Made-up cohorts of any size, the same for the same seed."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import pairwise
from random import Random

from sluice_cli.report.facts import (
    Accuracy,
    CohortFacts,
    FrequencyBin,
    JobFacts,
    Resources,
    SampleFacts,
    Throttling,
)

START_MS = 1_795_416_900_000
RATE_PER_SECOND = 49.0
NAMES = ("align", "likelihoods", "impute")
MEMORY_MIB = (4096, 2048, 4096)
EDGES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
FAILURES = {
    "Job.OutOfMemory": "OutOfMemoryError: Container killed due to memory usage",
    "Job.Failed": "Essential container in task exited",
    "Job.TimedOut": "Job attempt duration exceeded timeout",
}


def made_up_cohort(samples: int, *, seed: int = 7, name: str = "run-42") -> CohortFacts:
    """A cohort of low-pass samples of three jobs each, some of which fail in one way or another."""
    random = Random(seed)
    found = [_sample(f"NA{number:05d}", number, random) for number in range(1, samples + 1)]
    jobs: list[JobFacts] = []
    ready = [(sample.started_ms, index, 0) for index, sample in enumerate(found)]
    free_ms = 0.0
    while ready:
        ready_ms, index, stage = heappop(ready)
        submitted_ms = max(ready_ms + 120.0, free_ms)
        free_ms = submitted_ms + 1000 / RATE_PER_SECOND
        job = _job(found[index], stage, (ready_ms, int(submitted_ms)), random)
        jobs.append(job)
        found[index] = _after(found[index], job, last=stage == len(NAMES) - 1)
        if found[index].stopped_ms is None:
            heappush(ready, (job.stopped_ms or 0, index, stage + 1))
    return CohortFacts(
        cohort=name,
        stack="sluice",
        region="eu-west-1",
        workflow="sluice-workflow",
        total=samples,
        seen_ms=max(sample.stopped_ms or 0 for sample in found) + 60_000,
        rate_per_second=RATE_PER_SECOND,
        samples=tuple(found),
        jobs=tuple(jobs),
        throttling=Throttling(((START_MS + 60_000, 3), (START_MS + 120_000, 1))),
        accuracy={sample.name: _accuracy(random) for sample in found[: samples // 2] if sample.error is None},
    )


def _sample(name: str, number: int, random: Random) -> SampleFacts:
    attempt = 2 if random.random() < 0.01 else 1
    return SampleFacts(name, attempt, "RUNNING", START_MS + number * 10)


def _job(sample: SampleFacts, stage: int, times_ms: tuple[int, int], random: Random) -> JobFacts:
    ready_ms, submitted_ms = times_ms
    started_ms = submitted_ms + int(random.lognormvariate(10, 0.7))
    stopped_ms = started_ms + int(random.lognormvariate((12.6, 11.2, 13.1)[stage], 0.35))
    error = random.choice(sorted(FAILURES)) if random.random() < 0.008 else None
    return JobFacts(
        sample=sample.name,
        name=NAMES[stage],
        state=NAMES[stage].title(),
        ready_ms=ready_ms,
        taken_ms=submitted_ms - 100,
        submitted_ms=submitted_ms,
        runnable_ms=submitted_ms,
        started_ms=started_ms,
        stopped_ms=stopped_ms,
        status="FAILED" if error else "SUCCEEDED",
        attempts=2 if random.random() < 0.03 else 1,
        error=error,
        reason=FAILURES[error] if error else None,
        exit_code=137 if error == "Job.OutOfMemory" else 1 if error else 0,
        resources=Resources(1.0, MEMORY_MIB[stage], "ARM64"),
    )


def _after(sample: SampleFacts, job: JobFacts, *, last: bool) -> SampleFacts:
    if job.error is None and not last:
        return sample
    status = "SUCCEEDED" if job.error is None else "FAILED"
    stopped_ms = (job.stopped_ms or 0) + 150
    return SampleFacts(sample.name, sample.attempt, status, sample.started_ms, stopped_ms, job.error)


def _accuracy(random: Random) -> Accuracy:
    depth = random.uniform(0.25, 1.2)
    quality = min(0.97, 0.75 + 0.2 * depth + random.gauss(0, 0.015))
    bins = tuple(
        FrequencyBin(lower, upper, quality * (0.55 + 0.065 * place) + random.gauss(0, 0.01))
        for place, (lower, upper) in enumerate(pairwise(EDGES))
    )
    return Accuracy(FrequencyBin(0.05, 0.5, quality), bins, depth)
