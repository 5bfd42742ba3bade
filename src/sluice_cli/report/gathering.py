"""Gathers all that a report tells of, from AWS or Local AWS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sluice.cohorts.model import FAILURES
from sluice_cli.aws.cohorts import cohorts_of, find_cohort
from sluice_cli.aws.executions import arn_of_attempt
from sluice_cli.report.accuracy_files import found_accuracy, named_accuracy
from sluice_cli.report.console import console_of
from sluice_cli.report.facts import CohortFacts, SampleFacts
from sluice_cli.report.inside import read_inside, read_reasons, starts_executions
from sluice_cli.report.jobs import Remembered, definition_names, jobs_of
from sluice_cli.report.reading import read_children, read_definitions, read_jobs, read_tasks
from sluice_cli.report.throttling import Window, read_throttling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sluice.cohorts.model import Cohort, Sample
    from sluice_cli.aws.ports import Api, Session
    from sluice_cli.aws.stack import Stack
    from sluice_cli.report.facts import JobFacts

AFTERWARDS_MS: Final = 300_000
"""So long after a cohort's end its last submissions may be told of."""


@dataclass(frozen=True)
class ReportRequest:
    """Which cohort, and the reports of `lowpass accuracy` besides those beside its results."""

    cohort: str
    accuracy: Sequence[str] = ()


def gather(
    api: Api, session: Session, stack: Stack, request: ReportRequest, *, tell: Callable[[str], None]
) -> CohortFacts:
    """Gathers what is known of a cohort.

    Args:
        api: AWS.
        session: has the time.
        stack: where the cohort runs.
        request: the cohort.
        tell: hears what is being done.

    Raises:
        WrongUsageError: there is no such cohort, or a named report cannot be read.
        AwsError: AWS refused a call.
    """
    now_ms, measured = session.now_ms(), named_accuracy(api, request.accuracy)
    tell("samples")
    cohort = find_cohort(api, stack, request.cohort)
    found = cohorts_of(api, stack).samples(request.cohort)
    samples = sorted(found, key=lambda sample: (sample.started_at, sample.name))
    facts = tuple(_facts(sample) for sample in samples)
    jobs = _jobs(_Asked(api, session, stack, tell), cohort, samples)
    tell("figures")
    ended = [sample.stopped_at for sample in samples if sample.stopped_at is not None]
    until_ms = max(ended) + AFTERWARDS_MS if cohort.over and ended else now_ms
    window = Window(cohort.created_at, min(until_ms, now_ms), now_ms)
    submitted = sum(job.submitted_ms is not None for job in jobs)
    return CohortFacts(
        cohort=cohort.name,
        stack=stack.name,
        region=api.region,
        workflow=cohort.workflow_arn.partition(":stateMachine:")[2],
        total=cohort.total,
        seen_ms=now_ms,
        rate_per_second=_rate(stack),
        samples=_with_reasons(api, samples, facts, jobs),
        jobs=jobs,
        throttling=read_throttling(api, stack, window, submitted=submitted),
        accuracy={**found_accuracy(api, samples), **measured},
        console=console_of(cohort.workflow_arn) if api.endpoint_url is None else None,
    )


@dataclass(frozen=True)
class _Asked:
    """Whom a report asks, and who hears how far that is."""

    api: Api
    session: Session
    stack: Stack
    tell: Callable[[str], None]


def _jobs(asked: _Asked, cohort: Cohort, samples: Sequence[Sample]) -> tuple[JobFacts, ...]:
    """The jobs of all attempts at the samples, also of the executions inside of theirs."""
    api, tell = asked.api, asked.tell
    attempts = [
        (sample, number, arn_of_attempt(sample, number)) for sample in samples for number in _attempts(sample)
    ]
    arns = [arn for *_, arn in attempts]
    inside = read_inside(api, arns, tell) if starts_executions(api, cohort.workflow_arn) else {}
    every = list(dict.fromkeys([*arns, *(each for found in inside.values() for each in found)]))
    tasks = read_tasks(api.tasks(asked.stack.output("TaskTableName")), every, tell)
    tell("jobs")
    tasks, earlier = read_jobs(api, tasks)
    records = [record for found in tasks.values() for record in found]
    known = Remembered(
        read_definitions(api, definition_names(records)),
        earlier,
        read_children(api, records, tell, asked.session.sleep),
    )
    return tuple(
        job
        for sample, number, arn in attempts
        for job in jobs_of(
            _facts(sample),
            [record for each in (arn, *inside.get(arn, ())) for record in tasks[each]],
            known,
            attempt=number,
        )
    )


def _attempts(sample: Sample) -> range:
    return range(1, sample.attempt + 1)


def _with_reasons(
    api: Api, samples: Sequence[Sample], facts: Sequence[SampleFacts], jobs: Iterable[JobFacts]
) -> tuple[SampleFacts, ...]:
    """The samples, those that failed without a failed job with what was said of it."""
    blamed = {job.sample for job in jobs if job.error and not job.is_superseded}
    wanted = [each.execution_arn for each in samples if each.status in FAILURES and each.name not in blamed]
    reasons = read_reasons(api, wanted)
    return tuple(
        replace(each, reason=reasons.get(sample.execution_arn))
        for sample, each in zip(samples, facts, strict=True)
    )


def _facts(sample: Sample) -> SampleFacts:
    return SampleFacts(
        name=sample.name,
        attempt=sample.attempt,
        status=sample.status.value,
        started_ms=sample.started_at,
        stopped_ms=sample.stopped_at,
        error=sample.error,
    )


def _rate(stack: Stack) -> float | None:
    given = stack.parameters.get("SubmitRatePerSecond")
    return float(given) if given else None
