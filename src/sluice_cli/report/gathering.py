"""Gathers all that a report tells of, from AWS or Local AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice_cli.aws.cohorts import cohorts_of, find_cohort
from sluice_cli.report.accuracy_files import found_accuracy, named_accuracy
from sluice_cli.report.facts import CohortFacts, SampleFacts
from sluice_cli.report.jobs import definition_names, jobs_of
from sluice_cli.report.reading import read_definitions, read_tasks, with_present_jobs
from sluice_cli.report.throttling import read_throttling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sluice.cohorts.model import Sample
    from sluice.tasks.model import TaskRecord
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack
    from sluice_cli.report.facts import JobFacts


@dataclass(frozen=True)
class ReportRequest:
    """Which cohort, and the reports of `lowpass accuracy` besides those beside its results."""

    cohort: str
    accuracy: Sequence[str] = ()


def gather(
    api: Api, stack: Stack, request: ReportRequest, *, now_ms: int, tell: Callable[[str], None]
) -> CohortFacts:
    """Gathers what is known of a cohort.

    Args:
        api: AWS.
        stack: where the cohort runs.
        request: the cohort.
        now_ms: the time.
        tell: hears what is being done.

    Raises:
        WrongUsageError: there is no such cohort, or a named report cannot be read.
        AwsError: AWS refused a call.
    """
    measured = named_accuracy(api, request.accuracy)
    tell("samples")
    cohort = find_cohort(api, stack, request.cohort)
    found = cohorts_of(api, stack).samples(request.cohort)
    samples = sorted(found, key=lambda sample: (sample.started_at, sample.name))
    arns = [sample.execution_arn for sample in samples]
    tasks = read_tasks(api.tasks(stack.output("TaskTableName")), arns, tell)
    tell("jobs")
    tasks = with_present_jobs(api, tasks)
    facts = tuple(_facts(sample) for sample in samples)
    names = definition_names(record for records in tasks.values() for record in records)
    definitions = read_definitions(api, names)
    tell("figures")
    began_ms = min((sample.started_at for sample in samples), default=cohort.created_at)
    return CohortFacts(
        cohort=cohort.name,
        stack=stack.name,
        region=api.region,
        workflow=cohort.workflow_arn.partition(":stateMachine:")[2],
        total=cohort.total,
        seen_ms=now_ms,
        rate_per_second=_rate(stack),
        samples=facts,
        jobs=_jobs(zip(facts, arns, strict=True), tasks, definitions),
        throttling=read_throttling(api, stack, from_ms=began_ms, until_ms=now_ms),
        accuracy={**found_accuracy(api, samples), **measured},
    )


def _jobs(
    facts: Iterable[tuple[SampleFacts, str]],
    tasks: Mapping[str, Sequence[TaskRecord]],
    definitions: Mapping[str, Mapping[str, Any]],
) -> tuple[JobFacts, ...]:
    """The jobs of all samples, each given with the ARN of its execution."""
    return tuple(job for sample, arn in facts for job in jobs_of(sample, tasks[arn], definitions))


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
