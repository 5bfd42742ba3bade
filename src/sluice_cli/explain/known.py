"""What is known of an execution besides its history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sluice_cli.aws.arrays import array_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.tasks.model import JobRecord, TaskRecord
    from sluice_cli.aws.arrays import Child
    from sluice_cli.explain.report import Explanation


@dataclass(frozen=True)
class Known:
    """What the stack and Batch know of an execution.

    Attributes:
        tasks: its tasks, open and closed, oldest first.
        present: what Batch says now of jobs that have not ended, by job id.
        children: the failed children of array jobs that failed, by the array's job id.
        nested: the executions inside of it that were looked at, by the ARN of the execution, or of the Map
            Run whose child it is.
    """

    tasks: Sequence[TaskRecord] = ()
    present: Mapping[str, str] = field(default_factory=dict)
    children: Mapping[str, Sequence[Child]] = field(default_factory=dict)
    nested: Mapping[str, Sequence[Explanation]] = field(default_factory=dict)

    def children_of(self, job: JobRecord) -> Sequence[Child]:
        """The failed children of an array job."""
        return self.children.get(job.job_id or "", ())

    def size_of(self, job: JobRecord) -> int | None:
        """How many children an array job has; None for any other."""
        return next((size for each, size in arrays(self.tasks) if each is job), None)


def arrays(tasks: Sequence[TaskRecord]) -> list[tuple[JobRecord, int]]:
    """The array jobs of tasks, each with the number of its children."""
    return [
        (record.jobs[spec.name], size)
        for record in tasks
        for spec in record.task.jobs
        if spec.name in record.jobs and (size := array_size(spec.request)) is not None
    ]
