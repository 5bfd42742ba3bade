"""Whether jobs wait for capacity, and whether arrays are asked for where they gain nothing."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.doctor.finding import ok, warning
from sluice_cli.terminal.durations import span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sluice_cli.doctor.finding import CheckContext, Finding

WAIT_SECONDS: Final = 600
"""Batch starts an instance, or a task of Fargate's, in a few minutes."""
LOOKED_AT: Final = 1000
"""RUNNABLE jobs of a queue that are listed, ten calls at most."""


def check_capacity(context: CheckContext) -> Iterator[Finding]:
    """Looks which queues have jobs that wait for long, and which tasks name what they vary in vain."""
    environments = {each["computeEnvironmentArn"]: each for each in context.environments} | {
        each["computeEnvironmentName"]: each for each in context.environments
    }
    held_back = []
    for queue in context.queues:
        order = queue.get("computeEnvironmentOrder", ())
        behind = [
            environments[name] for each in order if (name := each["computeEnvironment"]) in environments
        ]
        held_back += [*_waiting(context, queue, behind), *_arrays_in_vain(context, queue, behind)]
    yield from held_back or [ok("capacity", "no job has waited for long to be started")]


def _waiting(
    context: CheckContext, queue: Mapping[str, Any], environments: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    listed = context.api.pages("batch", "list_jobs", jobQueue=queue["jobQueueArn"], jobStatus="RUNNABLE")
    jobs = islice((each for page in listed for each in page["jobSummaryList"]), LOOKED_AT)
    waits = [(context.now_ms - each["createdAt"]) / 1000 for each in jobs]
    long = [seconds for seconds in waits if seconds > WAIT_SECONDS]
    if long:
        number = f"{len(long):,}" if len(waits) < LOOKED_AT else f"{len(long):,} or more"
        says = (
            f"{number} jobs in {queue['jobQueueName']} have been RUNNABLE for over {span(WAIT_SECONDS)}, one "
            f"was submitted {span(max(long))} ago"
        )
        yield warning("capacity", says, _way_out(environments))


def _way_out(environments: Sequence[Mapping[str, Any]]) -> str:
    """Says what such jobs wait for, as far as Batch tells."""
    resources = [each.get("computeResources") or {} for each in environments]
    most = sum(each.get("maxvCpus", 0) for each in resources)
    if any(map(_is_fargate, environments)):
        return (
            f"They wait for vCPUs, or for Fargate's 20 launches a second. Its compute environments may use "
            f"{most:,} vCPUs: raise maxvCpus, and Fargate's quota with it. `sluice plan` says how much."
        )
    if most and sum(each.get("desiredvCpus", 0) for each in resources) >= most:
        return f"All {most:,} vCPUs of its compute environments are in use: raise maxvCpus."
    return (
        "Batch has not found instances for them: no instance type is large enough, EC2's quota of vCPUs is "
        "used up, or there is no Spot capacity."
    )


def _arrays_in_vain(
    context: CheckContext, queue: Mapping[str, Any], environments: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    if not any(map(_is_fargate, environments)):
        return
    names = {queue["jobQueueArn"], queue["jobQueueName"]}
    varied = [each.task for each in context.open_tasks if each.task.vary]
    number = sum(job.request.get("jobQueue") in names for task in varied for job in task.jobs)
    if number:
        says = (
            f"{number:,} open tasks ask to share arrays (`vary`), but {queue['jobQueueName']} runs on "
            "Fargate, where each job is submitted alone"
        )
        way_out = "Leave `vary` out, or use a queue that runs on EC2 only: docs/arrays.md says why."
        yield warning("arrays", says, way_out)


def _is_fargate(environment: Mapping[str, Any]) -> bool:
    kind = str((environment.get("computeResources") or {}).get("type", ""))
    return kind.startswith("FARGATE")
