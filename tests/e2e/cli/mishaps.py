"""Makes every named error of a task, and every other bad end of an execution, really happen on Local AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice_local.faults.plan import Fault, FaultKind, FaultPlan
from tests.support.building import Machines, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.e2e.stack.stack import Stack

FAULTS: Final = (
    Fault(FaultKind.SPOT_INTERRUPTION, "spot-*", seconds=0.2),
    Fault(FaultKind.JOB_FAILS_TO_START, "image-*"),
    Fault(FaultKind.JOB_NOT_STARTED, "unstarted-*"),
    Fault(FaultKind.JOB_STUCK_RUNNABLE, "stuck-*", seconds=0.5),
    Fault(FaultKind.JOB_TERMINATED, "stopped-*", seconds=0.2),
)
LONGEST_SECONDS: Final = 120.0
SLOWEST: Final = "Job.TimedOut"
"""A minute is the least that Batch allows for a timeout.

https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html
"""


@dataclass(frozen=True)
class Mishaps:
    """Starts executions of which each ends in a way of its own."""

    stack: Stack
    machines: Machines

    def start_all(self) -> dict[str, str]:
        """Starts one execution for each of the ends, the slowest first; returns their ARNs."""
        self.stack.aws.inject(FaultPlan(1, FAULTS))
        return {name: start(self) for name, start in STARTS.items()}

    def ended(self, execution_arn: str) -> Any:
        return self.machines.ended(execution_arn, within_seconds=LONGEST_SECONDS)

    def execution(self, name: str, *jobs: dict[str, Any], **fields: Any) -> str:
        """Starts an execution of one task with these jobs; `machine` has fields of the machine."""
        machine = fields.pop("machine", {})
        arguments = {
            "executionArn": "{% $states.context.Execution.Id %}",
            "stateName": "{% $states.context.State.Name %}",
            "jobs": list(jobs),
        }
        state = {
            "Type": "Task",
            "Resource": self.stack.outputs["ActivityArn"],
            "Arguments": arguments,
            # it must be less than the timeout, which is short where there is one
            **({} if "TimeoutSeconds" in fields else {"HeartbeatSeconds": 600}),
            "End": True,
            **fields,
        }
        arn = self.machines.create(
            {"QueryLanguage": "JSONata", "StartAt": "Align", "States": {"Align": state}, **machine},
            f"-{name}",
        )
        return self.machines.start(arn, {"sample": "NA06989", "cohort": "trio"}, name=f"trio.1.{name}")

    def job(self, name: str, script: str, **fields: Any) -> dict[str, Any]:
        definition = self.stack.job_definition(f"cli-{name}", "sh", "-c", script)
        return self.stack.job(name, definition, **fields)

    def needs_a_job_that_fails(self) -> str:
        definition = self.stack.job_definition("cli-other", "sh", "-c", "sleep 3; exit 1")
        queue = self.stack.outputs["JobQueueArn"]
        other = self.stack.batch.submit_job(jobName="other", jobQueue=queue, jobDefinition=definition)
        depends = [{"jobId": other["jobId"]}]
        return self.execution("DependencyFailed", self.job("merge", "true", dependsOn=depends))

    def stopped_by_hand(self) -> str:
        arn = self.execution("ABORTED", self.job("long", "exec sleep 600"))
        self.stack.submitted(arn, "long")
        self.stack.states.stop_execution(executionArn=arn, error="Operator", cause="the run was cancelled")
        return arn

    def without_a_queue(self) -> str:
        gone = self.stack.outputs["JobQueueArn"] + "-gone"
        return self.execution("Rejected", {**self.job("align", "true"), "jobQueue": gone})

    def retried(self) -> str:
        """A job that fails at its first try and succeeds at the second, as the state's Retry has it."""
        again = [{"ErrorEquals": ["Job.SpotInterruption"], "IntervalSeconds": 1, "MaxAttempts": 1}]
        return self.execution("Retried", self.job("spot", "exec sleep 600"), Retry=again)


def _one(name: str, job_name: str, script: str, **fields: Any) -> Callable[[Mishaps], str]:
    job_fields = fields.pop("job", {})
    return lambda it: it.execution(name, it.job(job_name, script, **job_fields), **fields)


STARTS: Final[Mapping[str, Callable[[Mishaps], str]]] = {
    "Job.TimedOut": _one(
        "TimedOut", "slow", "exec sleep 600", job={"timeout": {"attemptDurationSeconds": 60}}
    ),
    "Job.DependencyFailed": Mishaps.needs_a_job_that_fails,
    "Job.OutOfMemory": _one("OutOfMemory", "align", "exit 137"),
    "Job.SpotInterruption": _one("SpotInterruption", "spot", "exec sleep 600"),
    "Job.ImagePull": _one("ImagePull", "image", "true"),
    "Job.NotStarted": _one("NotStarted", "unstarted", "true"),
    "Job.Unschedulable": _one("Unschedulable", "stuck", "true"),
    "Job.Terminated": _one("Terminated", "stopped", "exec sleep 600"),
    "Job.Failed": _one("Failed", "align", "echo reading the reads; echo no such file >&2; exit 3"),
    "Task.Invalid": _one("Invalid", "align", "true", job={"jobDefinitoin": "x"}),
    "Task.Rejected": Mishaps.without_a_queue,
    "States.Timeout": _one("StateTimeout", "long", "exec sleep 600", TimeoutSeconds=4),
    "States.HeartbeatTimeout": _one("HeartbeatTimeout", "long", "exec sleep 600", HeartbeatSeconds=2),
    "TIMED_OUT": _one("MachineTimeout", "long", "exec sleep 600", machine={"TimeoutSeconds": 4}),
    "Retried": Mishaps.retried,
    "ABORTED": Mishaps.stopped_by_hand,
    "SUCCEEDED": _one("Succeeded", "align", "echo aligned"),
}
"""By the error that comes of it, or the status where there is none."""


def wait(mishaps: Mishaps, started: Mapping[str, str]) -> dict[str, Any]:
    """Waits until every execution has ended and every task of theirs is closed; returns the descriptions."""
    ended = {name: mishaps.ended(arn) for name, arn in started.items()}
    for arn in started.values():
        eventually(lambda arn=arn: not mishaps.stack.tasks(arn), within_seconds=LONGEST_SECONDS)  # type: ignore[misc] # bound at once
    return ended
