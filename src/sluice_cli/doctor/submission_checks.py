"""Whether jobs can be submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sluice_cli.doctor.finding import ok, warning
from sluice_cli.explain.doing import failing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_cli.doctor.finding import CheckContext, Finding


def check_submissions(context: CheckContext) -> Iterator[Finding]:
    """Looks among the open tasks for those whose SubmitJob keeps failing."""
    tasks = context.open_tasks
    troubles = [(task.trouble.since, task.trouble, task) for task in tasks if task.trouble is not None]
    if not troubles:
        yield ok("submissions", f"none of {len(tasks)} open tasks has a job that cannot be submitted")
        return
    _, trouble, task = min(troubles, key=lambda each: each[0])
    says = f"{len(troubles)} of {len(tasks)} open tasks have a job that cannot be submitted"
    arn = task.task.execution_arn
    more = f"`sluice explain {arn}` says more.  " if arn else ""
    way_out = (
        f"{more}If Batch cannot read the job's request, "
        "fix it in the workflow; the task fails with Task.Rejected two hours after the first try. If Batch "
        "has an outage, the job is submitted once it has recovered."
    )
    yield warning("submissions", f"{says}; the oldest: {failing(trouble, context.now_ms)}", way_out)
