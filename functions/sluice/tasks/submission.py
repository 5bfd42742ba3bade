"""What Sluice says to SubmitJob: the job's name, its arguments, and when a submitter must let go."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

from sluice.tasks.model import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sluice.tasks.model import Dependency, JobRecord, JobSpec, OpenTry, Task, Trouble

KEY: Final = "taskKey"
JOB: Final = "taskJob"
"""Parameters by which an event of Batch's tells of which task its job is, and which job of it."""
FORM: Final = "taskForm"
"""A parameter that only a job of the short form has."""
FORMER_KEY: Final = "taskToken"
"""What a former version had in place of KEY, with the token itself."""

ARRAY: Final = "taskArray"
"""A parameter that only an array of Sluice's own has, in place of these: the array's id in the task table,
which tells whose its children are."""
ROWS: Final = "SLUICE_ROWS"
"""The variable with the values in which the children of such an array differ (jobs/sluice-row)."""

MAX_REQUEST_BYTES: Final = 30 * 1024
"""A SubmitJob request: https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html"""

MAX_NAME: Final = 111
"""Batch's 128 characters less a hyphen and the 16 that `job_name` adds.

https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
"""

NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{MAX_NAME - 1}}}")
"""The names of a task's jobs."""

SUBMITTING_SHARE: Final = 0.8
"""The share of its time with a task in which its owner may begin to submit a job.

SubmitJob knows no client token, so two submitters of one task must never be at work together. The rest
is for the call that was begun last: 25 s at most until its answer or the end of the socket's patience
(aws/clients.py), and some more until ListJobs shows the job. A fifth of 300 s is enough, a fifth of 150 s
just so; much less is for tests with a Batch that answers at once.
"""

OWN_PARAMETERS: Final = (KEY, FORMER_KEY, JOB, ARRAY, FORM)
"""The parameters that Sluice adds to jobs, or did; a task's jobs must have none of them."""

SYNC_FORM: Final = "sync"

LOOK_SECONDS: Final = 20
"""A decision to submit is no older than this: whoever waited longer, for a slot or because his machine stood
still, looks first whether the task is still his."""

LAST_SUBMIT_SECONDS: Final = 45
"""No job is submitted later than this before a function's deadline, so that even after a slow answer its id
can still be noted (the sockets' timeouts: aws/clients.py)."""


class JobError(Exception):
    """Raised when a job was not submitted; `job_name` is its name in its task."""

    def __init__(self, job_name: str, message: str) -> None:
        super().__init__(message)
        self.job_name = job_name


class RefusedJobError(JobError):
    """Raised when Batch refused a job for good; the message is for the task's sender."""


class UnansweredError(JobError):
    """Raised when Batch has not taken a job, as far as anybody knows; the message is what it answered."""


def choose(found: Sequence[JobRecord]) -> tuple[JobRecord | None, list[JobRecord]]:
    """Of the jobs of one name, the one that is the task's, and the copies that still run.

    The oldest that has not failed has done most of the work; a failed one counts if there is no other.
    """
    in_order = sorted(found, key=lambda job: (job.status == FAILED, job.created_at or 0))
    return (in_order[0] if in_order else None), [job for job in in_order[1:] if not job.ended]


MAX_SUSPECTS: Final = 3
"""Tasks that are asked about before a new one of their state is submitted."""

MAX_FAILURES: Final = 10
MAX_FAILING_SECONDS: Final = 2 * 3600
"""A job whose SubmitJob failed so often and for so long is refused. Each owner of a task tries once, every
five minutes. An outage of Batch that is shorter costs no task."""


DENIED_SECONDS: Final = 120
DENIED_PAUSE_SECONDS: Final = 5
"""How long, and how often, an owner tries again to submit a job that IAM denies.

A new permission takes seconds to be in force, of which AWS promises nothing:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency.
It fits into the time that an owner has for submitting.
"""


def hopeless(trouble: Trouble, now_ms: int) -> str | None:
    """What to tell the sender of a job that is given up; None while it is not."""
    seconds = (now_ms - trouble.since) // 1000
    if trouble.failures < MAX_FAILURES or seconds < MAX_FAILING_SECONDS:
        return None
    often = f"{trouble.failures} times in {seconds // 60} minutes"
    return f"SubmitJob failed {often}, at last with: {trouble.answer}"


def submitting_seconds(own_seconds: float) -> float:
    """How long the owner of a task may submit its jobs if the next owner comes after `own_seconds`."""
    return own_seconds * SUBMITTING_SHARE


def job_name(token: str, name: str) -> str:
    """Names a job for Batch so that the same submission always has the same name."""
    digest = hashlib.sha256(f"{token}\n{name}".encode()).hexdigest()[:16]
    return f"{name}-{digest}"


def jobs_digest(task: Task) -> str:
    """Names what a task asks for: a state that is tried again asks for the same, a Map's items do not."""
    jobs = [[job.name, job.request, [each.request for each in job.depends_on]] for job in task.jobs]
    return hashlib.sha256(json.dumps(jobs, sort_keys=True).encode()).hexdigest()[:16]


def suspects(task: Task, tries: Iterable[OpenTry]) -> list[OpenTry]:
    """Chooses those that may be earlier tries of a task, among the open tasks of its execution and state.

    A Map's items share both, so that most may be its neighbours: to ask about each of them would take more
    heartbeats than there are. Those that ask for the same jobs are suspected first.
    """
    ours = jobs_digest(task)
    others = [each for each in tries if each.key != task.key]
    return sorted(others, key=lambda each: each.jobs_digest != ours)[:MAX_SUSPECTS]


def submit_request(task: Task, job: JobSpec, job_ids: Mapping[str, str]) -> dict[str, Any]:
    """Builds SubmitJob's arguments for one job of a task.

    Args:
        task: the task, for its key.
        job: the job to submit.
        job_ids: Batch's ids of the task's jobs that were submitted before, by name.
    """
    request = dict(job.request)
    request["jobName"] = job_name(task.token, job.name)
    form = {FORM: SYNC_FORM} if task.like_sync else {}
    key = FORMER_KEY if task.keyed_by_token else KEY
    own = {key: task.key, JOB: job.name, **form}
    request["parameters"] = {**request.get("parameters", {}), **own}
    if job.depends_on:
        request["dependsOn"] = [_dependency(entry, job_ids) for entry in job.depends_on]
    return request


def is_of_sync_form(detail: Mapping[str, Any]) -> bool:
    """True for the JobDetail of a job that was submitted for a task of the short form."""
    parameters = detail.get("parameters")
    return isinstance(parameters, dict) and parameters.get(FORM) == SYNC_FORM


def _dependency(entry: Dependency, job_ids: Mapping[str, str]) -> dict[str, Any]:
    named = {} if entry.job_name is None else {"jobId": job_ids[entry.job_name]}
    return {**entry.request, **named}
