"""An AWS of made-up answers for the commands, and a way to run them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from typer.testing import CliRunner

from sluice_cli.app import app
from sluice_cli.aws.ports import Session
from sluice_cli.errors import AwsError
from tests.support.cohort_fakes import MemoryCohortStore
from tests.support.fakes import MemoryRateStore, MemoryTaskStore
from tests.unit.cli.recordings import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from typer.testing import Result

    from sluice.cohorts.ports import CohortStore
    from sluice.rate.ports import RateStore
    from sluice.tasks.ports import TaskStore
    from tests.unit.cli.recordings import Recording

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
ARN = "arn:aws:states:us-east-1:000000000000"
OUTPUTS = {
    "ActivityArn": f"{ARN}:activity:sluice",
    "ActivityPollerArn": f"{ARN}:stateMachine:poller",
    "WorkflowArn": f"{ARN}:stateMachine:workflow",
    "TaskTableName": "tasks",
    "JobQueueArn": "arn:aws:batch:us-east-1:000000000000:job-queue/jobs",
    "AlignJobDefinitionArn": "arn:aws:batch:us-east-1:000000000000:job-definition/align:1",
    "EnsurePollersFunctionName": "ensure",
}

COHORT_TABLE = {"CohortTableName": "cohorts"}
RATE_TABLE = {"RateTableName": "rates"}

Answer = dict[str, Any] | list[dict[str, Any]] | AwsError


@dataclass
class FakeApi:
    """Answers each operation as told; implements sluice_cli's ports.Api.

    Attributes:
        answers: by (service, operation): an answer, pages, an error to raise, or a function of the arguments.
        task_table, cohort_table: of whatever stack is asked for.
        calls: those made so far, with their arguments.
    """

    answers: dict[tuple[str, str], Answer | Callable[..., Answer]]
    region: str = "us-east-1"
    endpoint_url: str | None = None
    task_table: TaskStore = field(default_factory=MemoryTaskStore)
    cohort_table: CohortStore = field(default_factory=MemoryCohortStore)
    rate_table: RateStore = field(default_factory=MemoryRateStore)
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        answer = self._answer(service, operation, arguments)
        assert isinstance(answer, dict), f"{service}.{operation} has pages"
        return answer

    def pages(self, service: str, operation: str, /, **arguments: Any) -> Iterator[dict[str, Any]]:
        answer = self._answer(service, operation, arguments)
        yield from answer if isinstance(answer, list) else [answer]

    def tasks(self, table: str) -> TaskStore:
        assert table == OUTPUTS["TaskTableName"]
        return self.task_table

    def cohorts(self, table: str) -> CohortStore:
        assert table == COHORT_TABLE["CohortTableName"]
        return self.cohort_table

    def rates(self, table: str) -> RateStore:
        assert table == RATE_TABLE["RateTableName"]
        return self.rate_table

    def _answer(self, service: str, operation: str, arguments: dict[str, Any]) -> Any:
        self.calls.append((service, operation, arguments))
        answer = self.answers[service, operation]
        if callable(answer):
            answer = answer(**arguments)
        if isinstance(answer, AwsError):
            raise answer
        return answer


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    slept_seconds: float = 0.0
    executed: list[str] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept_seconds += seconds

    def now_ms(self) -> int:
        return NOW_MS + round(self.slept_seconds * 1000)

    def execute(self, command: Sequence[str]) -> NoReturn:
        self.executed = list(command)
        raise SystemExit(7)


def run(api: FakeApi, *arguments: str, clock: Clock | None = None, stdin: str | None = None) -> Result:
    """Runs `sluice` with an AWS of a test's own."""
    clock = clock or Clock()
    session = Session(connect=lambda _: api, now_ms=clock.now_ms, sleep=clock.sleep, execute=clock.execute)
    return CliRunner().invoke(app, list(arguments), obj=session, input=stdin, env={"SLUICE_STACK": ""})


def described_stack(**fields: Any) -> dict[str, Any]:
    """DescribeStacks' answer for the stack `sluice`."""
    outputs = stack_outputs(OUTPUTS)
    parameters = {"SubmitRatePerSecond": "49", "PollerCount": "1", "JobQueueArns": ""}
    stack = {
        "StackName": "sluice",
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": outputs,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    }
    return {"Stacks": [{**stack, **fields}]}


def stack_outputs(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Outputs as DescribeStacks has them."""
    return [{"OutputKey": key, "OutputValue": value} for key, value in values.items()]


def with_cohorts() -> dict[str, Any]:
    """DescribeStacks' answer for a stack that has a cohort table."""
    return described_stack(Outputs=stack_outputs({**OUTPUTS, **COHORT_TABLE}))


def of_recording(name: str, **answers: Any) -> FakeApi:
    """An AWS in which one recorded execution is all that there is."""
    return of_execution(recorded(name), **answers)


def of_execution(found: Recording, **answers: Any) -> FakeApi:
    """An AWS in which one execution is all that there is."""
    standard = {
        "cloudformation.describe_stacks": described_stack(),
        "stepfunctions.list_executions": {"executions": [_listed(found)]},
        "stepfunctions.describe_execution": found.execution,
        "stepfunctions.get_execution_history": {"events": found.events},
        "batch.describe_jobs": {"jobs": []},
        "batch.describe_job_definitions": {"jobDefinitions": []},
    }
    tasks = {record.task.token: record for record in found.tasks}
    return FakeApi(keyed({**standard, **answers}), task_table=MemoryTaskStore(tasks))


def still_running(name: str) -> Recording:
    """A recording as it was while its job was with Batch."""
    found = recorded(name)
    found.execution["status"] = "RUNNING"
    del found.events[4:]
    for job in found.items[0]["jobs"]["M"].values():
        for known in set(job["M"]) - {"jobId"}:
            del job["M"][known]
    return found


def job_id(found: Recording, name: str) -> str:
    """The id of a job of the only task."""
    return str(found.items[0]["jobs"]["M"][name]["M"]["jobId"]["S"])


def keyed(answers: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Answers by `service.operation` as FakeApi wants them."""
    return {(key.split(".")[0], key.split(".")[1]): answer for key, answer in answers.items()}


def denied(operation: str) -> AwsError:
    return AwsError(f"AWS refused {operation}. It said AccessDenied: not allowed", "AccessDenied")


def document(result: Result) -> Any:
    """The JSON that a command printed."""
    return json.loads(result.stdout)


def _listed(found: Recording) -> dict[str, Any]:
    return {name: found.execution[name] for name in ("executionArn", "name", "status", "startDate")}
