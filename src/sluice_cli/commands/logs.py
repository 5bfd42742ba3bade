"""`sluice logs`."""

import sys
from typing import Annotated

import typer

from sluice_cli.aws.executions import Execution, find_execution, tasks_of
from sluice_cli.aws.ports import Api, Session, Target
from sluice_cli.aws.stack import Stack, find_stack
from sluice_cli.errors import WrongUsageError
from sluice_cli.explain.reading import all_executions, explain_execution
from sluice_cli.logs.job_choice import ChosenJob, choose_job
from sluice_cli.logs.job_log import find_log, read_log
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    AttemptOption,
    CohortOption,
    ProfileOption,
    RegionOption,
    StackOption,
    SubjectArgument,
)

JobOption = Annotated[
    str | None,
    typer.Option("--job", metavar="NAME", help="Job of the sample; the failed one or the last, if left out."),
]
JobAttemptOption = Annotated[
    int | None,
    typer.Option(
        "--job-attempt", metavar="N", min=1, help="Batch's attempt at the job; the last, if left out."
    ),
]
IndexOption = Annotated[
    int | None,
    typer.Option(
        "--index", metavar="N", min=0, help="Child of an array job; the first that failed, if left out."
    ),
]
FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(logs)


def logs(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    subject: SubjectArgument,
    *,
    job: JobOption = None,
    job_attempt: JobAttemptOption = None,
    index: IndexOption = None,
    follow: FollowOption = False,
    cohort: CohortOption = None,
    attempt: AttemptOption = None,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Print what a job of a sample printed: the failed one, or else the last.

    The log alone goes to the standard output, so that it can be piped.

    \b
    Examples:
      sluice logs NA06989
      sluice logs NA06989 --job likelihoods --follow
      sluice logs NA06989 --cohort run-42 --attempt 1 | less
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found_stack = find_stack(api, stack)
    execution = find_execution(api, found_stack, subject, cohort, attempt=attempt)
    chosen = _chosen(api, found_stack, execution, job, session.now_ms())
    log = find_log(api, chosen, attempt=job_attempt, index=index)
    where = f"{log.group} {log.stream}" if log.stream else "no log yet"
    which = f"job {chosen.name}, {log.child}" if log.child else f"job {chosen.name}"
    sys.stderr.write(f"{execution.subject}, {which} ({log.status or 'forgotten by Batch'}): {where}\n")
    printed = 0
    for line in read_log(api, session, log, follow=follow):
        printed += 1
        sys.stdout.write(line.rstrip("\n") + "\n")
        sys.stdout.flush()
    if not printed:
        raise WrongUsageError(f"Job {chosen.name} has printed nothing; {_why(log.status, execution.asked)}")


def _chosen(api: Api, stack: Stack, execution: Execution, job: str | None, now_ms: int) -> ChosenJob:
    """The job of this name; without one, the job that made the execution fail, or else its last."""
    if job is None and execution.status not in {"RUNNING", "SUCCEEDED"}:
        explained = explain_execution(api, stack, execution, now_ms=now_ms)
        return choose_job(execution, explained.tasks, None, explained.job_id)
    inside = all_executions(api, execution)
    tasks = [task for each in inside for task in tasks_of(api, stack, each.arn)]
    return choose_job(execution, tasks, job, None)


def _why(status: str | None, asked: str) -> str:
    if status in {"SUBMITTED", "PENDING", "RUNNABLE", "STARTING"}:
        return f"it is {status} and has not begun. --follow waits for it."
    if status == "RUNNING":
        return "lines come some seconds after they were printed. --follow waits for them."
    return f"`sluice explain {asked}` tells how it ended."
