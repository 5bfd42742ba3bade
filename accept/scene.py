"""What every probe is given, and the short ways of using it."""

import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from accept.aws import Aws
from accept.clock import Clock
from accept.events import ENDED, Events
from accept.resources import Made
from accept.stack import Stack

Facts = Mapping[str, Any]
"""What a probe has seen: values that JSON knows, by name."""


@dataclass(frozen=True)
class Scene:
    """A run under way.

    Attributes:
        aws: the account, or Local AWS.
        stack: what is looked at.
        made: what the run made for itself.
        events: Batch's events of its jobs.
        clock: time and pauses.
        undo: takes away what a probe makes.
        samples: of the cohort.
        launches: jobs that are launched at once to see how fast Fargate is.
        tell: says something to whoever looks on.
    """

    aws: Aws
    stack: Stack
    made: Made
    events: Events
    clock: Clock
    undo: ExitStack
    samples: int
    launches: int
    tell: Callable[[str], None]

    def job(self, name: str, script: str = "true", definition: str = "script", **more: Any) -> dict[str, Any]:
        """Return a job of a task that runs a shell script."""
        parameters = {"parameters": {"script": script}} if definition == "script" else {}
        return {
            "jobName": name,
            "jobQueue": self.stack.outputs["JobQueueArn"],
            "jobDefinition": self.made.definitions[definition],
            **parameters,
            **more,
        }

    def start(self, *jobs: Mapping[str, Any]) -> str:
        """Give jobs to Sluice; returns the ARN of the execution."""
        started = self.aws.client("stepfunctions").start_execution(
            stateMachineArn=self.made.machine_arn,
            name=uuid.uuid4().hex,
            input=json.dumps({"jobs": jobs}),
        )
        return str(started["executionArn"])

    def start_shared(self, script: str) -> str:
        """Give Sluice a job on EC2 that may share an array with others; returns the ARN of the execution."""
        queue = str(self.stack.instances_queue)
        job = self.job("shared", definition="shared", jobQueue=queue, parameters={"script": script})
        started = self.aws.client("stepfunctions").start_execution(
            stateMachineArn=self.made.shared_machine_arn,
            name=uuid.uuid4().hex,
            input=json.dumps({"jobs": [job]}),
        )
        return str(started["executionArn"])

    def end_of(self, execution_arn: str) -> dict[str, Any]:
        """Wait for the end of an execution; returns its description, output and cause read as JSON."""
        states = self.aws.client("stepfunctions")

        def probe() -> dict[str, Any] | None:
            described: dict[str, Any] = states.describe_execution(executionArn=execution_arn)
            return described if described["status"] != "RUNNING" else None

        ended = self.clock.until(probe, f"end of {execution_arn.rpartition(':')[2]}")
        return {**ended, "output": _read(ended.get("output")), "cause": _read(ended.get("cause"))}

    def run(self, *jobs: Mapping[str, Any]) -> dict[str, Any]:
        """Give jobs to Sluice and wait for their end."""
        return self.end_of(self.start(*jobs))

    def submit(self, name: str, **more: Any) -> str:
        """Submit a job without Sluice; returns its id."""
        request = self.job(f"{self.made.prefix}-{name}", **more)
        return str(self.aws.client("batch").submit_job(**request)["jobId"])

    def described(self, job_id: str) -> dict[str, Any]:
        """Ask Batch about a job."""
        (job,) = self.aws.client("batch").describe_jobs(jobs=[job_id])["jobs"]
        return dict(job)

    def ended_job(self, job_id: str) -> dict[str, Any]:
        """Wait until a job has ended; returns what Batch says of it."""

        def probe() -> dict[str, Any] | None:
            job = self.described(job_id)
            return job if job["status"] in ENDED else None

        return self.clock.until(probe, f"end of job {job_id}")

    def running_job(self, name: str) -> str:
        """Wait until the one job that a task calls so runs; returns its id."""

        def probe() -> str | None:
            found = (
                event.detail["jobId"]
                for event in self.events.all()
                if event.detail["jobName"].startswith(f"{name}-") and event.status == "RUNNING"
            )
            return next(found, None)

        return self.clock.until(probe, f"running job {name}")


def _read(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return text
