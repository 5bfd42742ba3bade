"""What the end of a process means to Batch, and when a process has to be ended."""

import signal
from dataclasses import dataclass

from sluice_local.batch.model import Exit

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
"""Source: https://repost.aws/knowledge-center/batch-job-failure-memory-error"""
TIMED_OUT = "Job attempt duration exceeded timeout"
"""Source: https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html"""
KILLED = 128 + signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may use: memory of its group in MiB, and a moment (monotonic seconds) to end by."""

    memory_mib: int | None = None
    deadline_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """Why Local AWS ended a process itself; `at_once` spares it the grace of a SIGTERM."""

    status_reason: str | None = None
    reason: str | None = None
    timed_out: bool = False
    at_once: bool = False


OVER_MEMORY = Ending(reason=OUT_OF_MEMORY, at_once=True)
OVER_TIME = Ending(status_reason=TIMED_OUT, timed_out=True)
TERMINATED = Ending()


def verdict(limits: Limits, *, memory_mib: float, now_seconds: float) -> Ending | None:
    """Tell whether a running process has to be ended, and why."""
    if limits.memory_mib is not None and memory_mib > limits.memory_mib:
        return OVER_MEMORY
    if limits.deadline_seconds is not None and now_seconds >= limits.deadline_seconds:
        return OVER_TIME
    return None


def describe_exit(return_code: int, ending: Ending | None) -> Exit:
    """Translate a process's return code into a container's exit.

    A negative return code is a signal; a container shows it as 128 plus the signal's number. A SIGKILL that
    Local AWS did not send is the kernel's way to say out of memory.
    """
    exit_code = return_code if return_code >= 0 else 128 - return_code
    if ending is None:
        return Exit(exit_code, reason=OUT_OF_MEMORY if return_code == -signal.SIGKILL else None)
    shown = Exit(exit_code, reason=ending.reason, timed_out=ending.timed_out)
    if ending.status_reason is None:
        return shown
    return Exit(exit_code, ending.reason, ending.status_reason, ending.timed_out)


def cannot_start(program: str, error: OSError) -> Exit:
    """Describe an attempt whose program could not be started: exit code 127 when it is not there, else 126.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
    """
    missing = isinstance(error, FileNotFoundError)
    reason = f'CannotStartContainerError: exec: "{program}": {error.strerror}'
    return Exit(127 if missing else 126, reason=reason, status_reason="Task failed to start")
