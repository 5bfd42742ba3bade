"""Why a sample's workflow failed, and what a person can do about it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

LOG_LINES_SHOWN = 12
LogOf = Callable[[str], list[str]]
"""Reads the lines of a log stream; none if there is no such log."""

_WAYS_OUT = {
    "Job.OutOfMemory": "Give the stack a larger MaxMemoryMib.",
    "Job.SpotInterruption": "The host was taken away each time: run the sample again.",
    "Job.ImagePull": "Check the stack's LowpassImage, and that the job's role and network reach it.",
    "Job.TimedOut": "Give the stack a larger AttemptTimeoutSeconds.",
    "Job.Unschedulable": "No compute environment can hold the job: check MemoryMib and MaxVcpus.",
    "Job.Terminated": "Somebody ended the job: run the sample again.",
    "Job.DependencyFailed": "Mend the job that it depends on.",
    "Job.Failed": "The program itself ended with an error: its log says why.",
    "Task.Invalid": "The workflow's Activity input is not what Sluice takes: the cause names the field.",
    "Task.Rejected": "Batch refused the request: the cause says why.",
    "States.HeartbeatTimeout": "No poller took the task in time: look at the server's log.",
}
_ANY_WAY_OUT = "Look at the execution's history and at the server's log."


@dataclass(frozen=True)
class Failure:
    """Why one sample failed.

    Attributes:
        sample: the person.
        error: the name of the error, such as `Job.Failed`.
        reason: what Batch, Sluice or Step Functions says about it.
        way_out: what to do.
        log_stream: the failed job's log, if a job failed.
        log_tail: its last lines.
    """

    sample: str
    error: str
    reason: str
    way_out: str
    log_stream: str | None = None
    log_tail: tuple[str, ...] = ()


def read_failure(sample: str, execution: Mapping[str, Any], log_of: LogOf) -> Failure:
    """Explain an execution that DescribeExecution shows as ended without success."""
    error = execution.get("error") or execution["status"]
    cause = _cause(execution.get("cause") or "")
    stream = cause.get("logStreamName")
    return Failure(
        sample=sample,
        error=error,
        reason=_reason(cause),
        way_out=_WAYS_OUT.get(error, _ANY_WAY_OUT),
        log_stream=stream,
        log_tail=tuple(log_of(stream)[-LOG_LINES_SHOWN:]) if stream else (),
    )


def _cause(text: str) -> Mapping[str, Any]:
    """Sluice's causes are JSON objects; others are sentences."""
    try:
        cause = json.loads(text)
    except ValueError:
        return {"reason": text}
    return cause if isinstance(cause, dict) else {"reason": text}


def _reason(cause: Mapping[str, Any]) -> str:
    job = f"job {cause['job']}: " if cause.get("job") else ""
    exit_code = "" if cause.get("exitCode") is None else f" (exit code {cause['exitCode']})"
    return f"{job}{cause.get('reason') or 'no reason is given'}{exit_code}"
