"""Finds the log of a Batch job in CloudWatch Logs, and reads it.

https://docs.aws.amazon.com/batch/latest/userguide/using_cloudwatch_logs.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sluice.tasks.job_errors import container_of
from sluice.tasks.model import FAILED, TERMINAL
from sluice_cli.aws.arrays import children_of
from sluice_cli.errors import AwsError, WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from sluice_cli.aws.ports import Api, Session
    from sluice_cli.logs.job_choice import ChosenJob

USUAL_GROUP: Final = "/aws/batch/job"
FOLLOW_SECONDS: Final = 2.0


@dataclass(frozen=True)
class JobLog:
    """Where a job's log is.

    Attributes:
        job_id: the job's.
        status: the job's in Batch; None once Batch has forgotten it.
        group, stream: in CloudWatch Logs; no stream until the job begins.
        child: which child of an array it is, in words; empty for any other job.
    """

    job_id: str
    status: str | None
    group: str
    stream: str | None
    child: str = ""

    @property
    def is_final(self) -> bool:
        """True when nothing will be added any more."""
        return self.status is None or self.status in TERMINAL


def find_log(api: Api, job: ChosenJob, *, attempt: int | None = None, index: int | None = None) -> JobLog:
    """Finds a job's log.

    Args:
        api: AWS.
        job: the job.
        attempt: 1 for the job's first attempt; None for its last.
        index: of an array job's child; None for the first one that failed, or the first.

    Raises:
        WrongUsageError: there is no such attempt, or no such child.
        AwsError: AWS refused a call.
    """
    detail = _describe(api, job.job_id)
    size = (detail or {}).get("arrayProperties", {}).get("size") or job.size
    _check_index(job, index, size)
    child = ""
    if detail is not None and size:
        number = index if index is not None else _failed_child(api, job.job_id)
        detail = _describe(api, f"{job.job_id}:{number}")
        child = f"child {number} of {size}"
    if detail is None:
        return JobLog(job.job_id, None, _group_of_definition(api, job.definition), job.log_stream)
    return JobLog(
        detail["jobId"], detail["status"], log_group(container_of(detail)), _stream(detail, attempt), child
    )


def read_log(api: Api, session: Session, log: JobLog, *, follow: bool) -> Iterator[str]:
    """Reads a log line by line; with `follow`, what is added until the job has ended.

    Raises:
        AwsError: AWS refused a call.
    """
    token: str | None = None
    while True:
        token = yield from _read_on(api, log, token)
        if log.is_final or not follow:
            return
        session.sleep(FOLLOW_SECONDS)
        log = _as_it_is_now(api, log)


def log_group(container: Mapping[str, Any]) -> str:
    """A container's log group: its logConfiguration's, else Batch's own."""
    options = (container.get("logConfiguration") or {}).get("options") or {}
    return str(options.get("awslogs-group") or USUAL_GROUP)


def _as_it_is_now(api: Api, log: JobLog) -> JobLog:
    detail = _describe(api, log.job_id)
    if detail is None:
        return replace(log, status=None)
    return replace(log, status=detail["status"], stream=_stream(detail, None))


def _read_on(api: Api, log: JobLog, token: str | None) -> Generator[str, None, str | None]:
    """Yields the lines after a token; returns the token after them.

    The end is where the same token comes back:
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
    """
    while log.stream is not None:
        more = {"nextToken": token} if token else {}
        try:
            answer = api.call(
                "logs",
                "get_log_events",
                logGroupName=log.group,
                logStreamName=log.stream,
                startFromHead=True,
                **more,
            )
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            return token  # nothing was printed yet
        yield from (event["message"] for event in answer["events"])
        if answer.get("nextForwardToken") in {None, token}:
            return token
        token = answer["nextForwardToken"]
    return token


def _describe(api: Api, job_id: str) -> dict[str, Any] | None:
    jobs: list[dict[str, Any]] = api.call("batch", "describe_jobs", jobs=[job_id])["jobs"]
    return jobs[0] if jobs else None


def _check_index(job: ChosenJob, index: int | None, size: int | None) -> None:
    if index is None:
        return
    if not size:
        raise WrongUsageError(f"--index is {index}; job {job.name} is no array: leave --index out.")
    if index >= size:
        children = f"its children are 0 to {size - 1}"
        raise WrongUsageError(f"--index is {index}; job {job.name} is an array of {size}: {children}.")


def _failed_child(api: Api, job_id: str) -> int:
    return min((child.index for child in children_of(api, job_id, (FAILED,))), default=0)


def _stream(detail: Mapping[str, Any], attempt: int | None) -> str | None:
    if attempt is None:
        return container_of(detail).get("logStreamName")
    attempts = detail.get("attempts") or []
    if not 1 <= attempt <= len(attempts):
        raise WrongUsageError(
            f"--job-attempt is {attempt}; job {detail['jobId']} has had {len(attempts)} so far."
        )
    stream: str | None = container_of(attempts[attempt - 1]).get("logStreamName")
    return stream


def _group_of_definition(api: Api, definition: str | None) -> str:
    if definition is None:
        return USUAL_GROUP
    by_revision = ":" in definition
    named = {"jobDefinitions": [definition]} if by_revision else {"jobDefinitionName": definition}
    found = api.call("batch", "describe_job_definitions", **named)["jobDefinitions"]
    return log_group(found[-1].get("containerProperties") or {}) if found else USUAL_GROUP
