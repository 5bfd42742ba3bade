"""Batch called by Step Functions itself: `batch:submitJob`, its `.sync` form and `aws-sdk:batch:*`.

AWS: https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html. These calls count against the
account's Batch quotas; a refused one fails the state with Batch.AWSBatchException (`aws-sdk`:
Batch.BatchException). A stopped execution terminates the job it waits for. The
`.sync` form hears of the job's end from EventBridge, and polls DescribeJobs besides, within the quota:
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync. How often is not
published for Batch; for Glue it is once a minute for ten minutes, then every five, says AWS's support on
https://repost.aws/questions/QUFFlHcbvIQFe-bS3RAi7TWA (a Glue job is taking so long to continue).

MiniStack 1.5.33: has neither.

Fixed with Local AWS's own Batch. It is there so that the usual pattern, submit and poll from the state
machine, can be measured beside Sluice.
"""

import functools
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from sluice_local.api_models.checking import service_model
from sluice_local.batch.api import BatchApi
from sluice_local.batch.deliveries import Deliveries
from sluice_local.batch.model import Job, RequestRefusedError
from sluice_local.calls import ApiGate
from sluice_local.engine import ministack
from sluice_local.engine.batch_api import request_scope
from sluice_local.engine.context import Engine
from sluice_local.engine.ministack import Private
from sluice_local.engine.stepfunctions.activity_broker import ExecutionEndedError
from sluice_local.engine.stepfunctions.batch_arguments import ArgumentsError, recased, request_of
from sluice_local.engine.stepfunctions.language.install import runtime_error
from sluice_local.engine.stepfunctions.running.branch import here
from sluice_local.engine.stepfunctions.running.history import record_submission
from sluice_local.engine.stepfunctions.task_frame import current_frame

_SUBMIT_JOB = "arn:aws:states:::batch:submitJob"
_SDK = ":aws-sdk:batch:"
_LOOK_SECONDS = 1.0


def install(engine: Engine, batch: BatchApi, job_events: Deliveries) -> None:
    """Teach Step Functions to call Batch."""
    ends = JobEnds()
    job_events.subscribe(ends.note)
    calls = _BatchCalls(batch, engine.gate, ends)
    ministack.private("services.stepfunctions._SERVICE_DISPATCH")[_SUBMIT_JOB] = calls.submit_job
    ministack.wrap("services.stepfunctions._invoke_aws_sdk_integration", functools.partial(_sdk_calls, calls))


def _sdk_calls(calls: "_BatchCalls", invoke_sdk: Private) -> Private:
    @functools.wraps(invoke_sdk)
    def invoke(resource: str, task_input: Any) -> Private:
        if _SDK not in resource:
            return invoke_sdk(resource, task_input)
        action = resource.partition(_SDK)[2]
        return calls.call(action[0].upper() + action[1:], task_input, "Batch.BatchException")

    return invoke


@dataclass(frozen=True)
class JobEnds:
    """Tells those that wait for a job when its event says that it has ended."""

    waiting: dict[str, threading.Event] = field(default_factory=dict)

    @contextmanager
    def awaiting(self, job_id: str) -> Iterator[threading.Event]:
        """Give what is set when the job ends from now on."""
        self.waiting[job_id] = threading.Event()
        try:
            yield self.waiting[job_id]
        finally:
            del self.waiting[job_id]

    def note(self, job: Job) -> None:
        """Take a job whose state has changed."""
        ended = self.waiting.get(job.spec.job_id)
        if ended is not None and job.status.ended:
            ended.set()


def poll_intervals() -> Iterator[float]:
    """Give the seconds before each DescribeJobs of the `.sync` form."""
    return itertools.chain(itertools.repeat(60.0, 10), itertools.repeat(300.0))


@dataclass(frozen=True)
class _BatchCalls:
    batch: BatchApi
    gate: ApiGate
    ends: JobEnds

    def submit_job(self, resource: str, task_input: dict[str, Any]) -> dict[str, Any]:
        """Perform `batch:submitJob`, and wait for the job if the resource says so."""
        submitted = self.call("SubmitJob", task_input, "Batch.AWSBatchException")
        if ".sync" not in resource:
            return submitted
        record_submission(submitted)
        return self._wait(submitted["JobId"])

    def call(self, operation: str, task_input: dict[str, Any], refusal: str) -> dict[str, Any]:
        """Call `operation` within its quota; members are renamed both ways."""
        model = service_model("batch").operation_model(operation)
        request = _request(task_input, model)
        if not self.gate.admit(f"Batch.{operation}"):
            raise _failure(
                refusal, "Too Many Requests (Status Code: 429; Error Code: TooManyRequestsException)"
            )
        try:
            answer = self.batch.operations()[operation](request, request_scope())
        except RequestRefusedError as error:
            raise _failure(refusal, f"{error} (Status Code: 400; Error Code: ClientException)") from error
        result: dict[str, Any] = renamed(answer, model.output_shape)
        return result

    def _wait(self, job_id: str) -> dict[str, Any]:
        """Wait for the job's event, or until a poll finds that it has ended; return the job."""
        with self.ends.awaiting(job_id) as ended, here().when_stopped(ended.set):
            if not self._has_ended(job_id):  # it may have, before anybody listened
                self._await_end(job_id, ended)
            self._require_running(job_id)
        job = self._describe(job_id)
        if job["Status"] == "FAILED":
            raise _failure("States.TaskFailed", json.dumps(job))
        return job

    def _await_end(self, job_id: str, ended: threading.Event) -> None:
        for seconds in poll_intervals():
            if self._ended_within(seconds, job_id, ended):
                return
            # a poll that is throttled tells nothing; the next one may
            if self.gate.admit("Batch.DescribeJobs") and self._has_ended(job_id):
                return

    def _has_ended(self, job_id: str) -> bool:
        # a job that Batch has forgotten is one of which nobody knows that it has ended
        return any(job.status.ended for job in self.batch.backend.find([job_id], request_scope()))

    def _ended_within(self, seconds: float, job_id: str, ended: threading.Event) -> bool:
        """Wait for the event for so long; a stopped execution takes its job along."""
        until = time.monotonic() + seconds
        while not ended.wait(min(_LOOK_SECONDS, max(0.0, until - time.monotonic()))):
            self._require_running(job_id)
            if time.monotonic() >= until:
                return False
        return True

    def _require_running(self, job_id: str) -> None:
        try:
            current_frame().require_running()
        except ExecutionEndedError:
            self.batch.terminate_job(
                {"jobId": job_id, "reason": "The execution was stopped"}, request_scope()
            )
            raise

    def _describe(self, job_id: str) -> dict[str, Any]:
        described = self.batch.describe_jobs({"jobs": [job_id]}, request_scope())
        shape = service_model("batch").operation_model("DescribeJobs").output_shape
        job: dict[str, Any] = renamed(described, shape)["Jobs"][0]
        return job


def _request(arguments: Any, operation: OperationModel) -> dict[str, Any]:
    try:
        return request_of(arguments, operation.input_shape)
    except ArgumentsError as error:
        shown = json.dumps(arguments)
        raise runtime_error(
            f"The Parameters '{shown}' could not be used to start the Task: [{error}]"
        ) from error


def renamed(value: Any, shape: Shape | None) -> Any:
    """Return an answer with the members of its structures in PascalCase; keys of maps stay."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = shape.members
        return {recased(name, upper=True): renamed(each, members.get(name)) for name, each in value.items()}
    if isinstance(shape, ListShape):
        return [renamed(each, shape.member) for each in value]
    if isinstance(shape, MapShape):
        return {name: renamed(each, shape.value) for name, each in value.items()}
    return value


def _failure(error: str, cause: str) -> Exception:
    failure: Exception = ministack.private("services.stepfunctions._ExecutionError")(error, cause)
    return failure
