"""Batch called by Step Functions itself: `batch:submitJob`, its `.sync` form and `aws-sdk:batch:*`.

AWS: https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html. These calls count against the
account's Batch quotas; a refused one fails the state with Batch.AWSBatchException (`aws-sdk`:
Batch.BatchException). Members are in PascalCase. A stopped execution terminates the job it waits for.

MiniStack 1.5.33: has neither.

Mended with Local AWS's own Batch. It is there so that the usual pattern, submit and poll from the state
machine, can be measured beside Sluice.
"""

import functools
import json
import time
from dataclasses import dataclass
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StructureShape

from sluice_local.batch.api import BatchApi
from sluice_local.batch.model import RequestRefusedError
from sluice_local.calls import ApiGate
from sluice_local.engine import stock
from sluice_local.engine.activity_broker import ExecutionEndedError
from sluice_local.engine.batch_api import request_scope
from sluice_local.engine.context import Engine
from sluice_local.engine.stock import Private
from sluice_local.engine.task_frame import current_frame

_SUBMIT_JOB = "arn:aws:states:::batch:submitJob"
_SDK = ":aws-sdk:batch:"
_POLL_SECONDS = 0.1
_MODEL = "batch"


def install(engine: Engine, batch: BatchApi) -> None:
    """Teach Step Functions to call Batch."""
    calls = _BatchCalls(batch, engine.gate)
    stock.private("services.stepfunctions._SERVICE_DISPATCH")[_SUBMIT_JOB] = calls.submit_job
    stock.wrap("services.stepfunctions._invoke_aws_sdk_integration", functools.partial(_sdk_calls, calls))


def _sdk_calls(calls: "_BatchCalls", invoke_sdk: Private) -> Private:
    @functools.wraps(invoke_sdk)
    def invoke(resource: str, task_input: Any) -> Private:
        if _SDK not in resource:
            return invoke_sdk(resource, task_input)
        action = resource.partition(_SDK)[2]
        return calls.call(action[0].upper() + action[1:], task_input, "Batch.BatchException")

    return invoke


@dataclass(frozen=True)
class _BatchCalls:
    batch: BatchApi
    gate: ApiGate

    def submit_job(self, resource: str, task_input: dict[str, Any]) -> dict[str, Any]:
        """Perform `batch:submitJob`, and wait for the job if the resource says so."""
        submitted = self.call("SubmitJob", task_input, "Batch.AWSBatchException")
        return self._wait(submitted["JobId"]) if ".sync" in resource else submitted

    def call(self, operation: str, task_input: dict[str, Any], refusal: str) -> dict[str, Any]:
        """Call `operation` within its quota; members are renamed both ways."""
        if not self.gate.admit(f"Batch.{operation}"):
            raise _failure(
                refusal, "Too Many Requests (Status Code: 429; Error Code: TooManyRequestsException)"
            )
        model = botocore_operation(operation)
        request = renamed(task_input, model.input_shape, upper=False)
        try:
            answer = self.batch.operations()[operation](request, request_scope())
        except RequestRefusedError as error:
            raise _failure(refusal, f"{error} (Status Code: 400; Error Code: ClientException)") from error
        result: dict[str, Any] = renamed(answer, model.output_shape, upper=True)
        return result

    def _wait(self, job_id: str) -> dict[str, Any]:
        """AWS listens to the job's events here; this looks at the job, outside the quotas."""
        while (job := self._describe(job_id))["Status"] not in {"SUCCEEDED", "FAILED"}:
            time.sleep(_POLL_SECONDS)
            try:
                current_frame().require_running()
            except ExecutionEndedError:
                self.batch.terminate_job(
                    {"jobId": job_id, "reason": "The execution was stopped"}, request_scope()
                )
                raise
        if job["Status"] == "FAILED":
            raise _failure("States.TaskFailed", json.dumps(job))
        return job

    def _describe(self, job_id: str) -> dict[str, Any]:
        described = self.batch.describe_jobs({"jobs": [job_id]}, request_scope())
        shape = botocore_operation("DescribeJobs").output_shape
        job: dict[str, Any] = renamed(described, shape, upper=True)["Jobs"][0]
        return job


@functools.cache
def botocore_operation(operation: str) -> Any:
    """Return botocore's model of a Batch operation."""
    return botocore.session.get_session().get_service_model(_MODEL).operation_model(operation)


def renamed(value: Any, shape: Shape | None, *, upper: bool) -> Any:
    """Return `value` with the members of its structures in PascalCase or camelCase; keys of maps stay."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = {name.lower(): member for name, member in shape.members.items()}
        return {
            _recased(name, upper): renamed(each, members.get(name.lower()), upper=upper)
            for name, each in value.items()
        }
    if isinstance(shape, ListShape):
        return [renamed(each, shape.member, upper=upper) for each in value]
    if isinstance(shape, MapShape):
        return {name: renamed(each, shape.value, upper=upper) for name, each in value.items()}
    return value


def _recased(name: str, upper: bool) -> str:
    first = name[:1].upper() if upper else name[:1].lower()
    return first + name[1:]


def _failure(error: str, cause: str) -> Exception:
    failure: Exception = stock.private("services.stepfunctions._ExecutionError")(error, cause)
    return failure
