"""Chooses the job whose log a person wants to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluice.causes import read_cause
from sluice_cli.aws.arrays import array_size
from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sluice.tasks.model import JobRecord, TaskRecord
    from sluice_cli.aws.executions import Execution


@dataclass(frozen=True)
class ChosenJob:
    """A job that Batch took; `log_stream` and `definition` are what is known if Batch has forgotten it.

    `size` is the number of an array's children, None for any other job.
    """

    name: str
    job_id: str
    log_stream: str | None = None
    definition: str | None = None
    size: int | None = None


def choose_job(
    execution: Execution, tasks: Sequence[TaskRecord], name: str | None, blamed: str | None
) -> ChosenJob:
    """Chooses the job of this name; without one, the one to blame, or else the one that began last.

    Args:
        execution: whose jobs they are.
        tasks: its own, and those of the executions inside of it.
        name: of the job that is wanted.
        blamed: id of the job that made the execution fail, if any.

    Raises:
        WrongUsageError: there is none; the message says which jobs there are.
    """
    known = [(task, job) for task in tasks for job in task.jobs.values() if job.job_id]
    if name is not None:
        known = [(task, job) for task, job in known if job.name == name]
    if not known:
        return _of_cause(execution, tasks, name)
    if name is None:
        known = [(task, job) for task, job in known if job.job_id == blamed] or known
    task, job = max(known, key=lambda pair: pair[1].started_at or pair[1].created_at or pair[0].created_at)
    return _chosen(task, job)


def _chosen(task: TaskRecord, job: JobRecord) -> ChosenJob:
    requests = [spec.request for spec in task.task.jobs if spec.name == job.name]
    definition = requests[0].get("jobDefinition") if requests else None
    size = array_size(requests[0]) if requests else None
    return ChosenJob(job.name, job.job_id or "", job.log_stream_name, definition, size)


def _of_cause(execution: Execution, tasks: Sequence[TaskRecord], name: str | None) -> ChosenJob:
    """The job that the execution's cause speaks of, as task items are deleted after some days."""
    cause = read_cause(execution.cause)
    if cause.job_id and name in {None, cause.job}:
        return ChosenJob(cause.job or "", cause.job_id, cause.log_stream_name)
    names = sorted({job.name for task in tasks for job in task.jobs.values()})
    if name is not None and names:
        raise WrongUsageError(f"{execution.subject} has no job {name!r} in Batch; it has {', '.join(names)}.")
    raise WrongUsageError(
        f"No job of {execution.subject} has reached Batch, or Sluice has forgotten it after its KeepDays: "
        f"try `sluice explain {execution.asked}`."
    )
