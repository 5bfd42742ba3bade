"""The project's own template on Local AWS, used as any state machine of the account would use it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.tasks.model import TERMINAL, TaskState
from sluice_local.deploy import deploy
from sluice_local.stack import NETWORK, OPEN
from tests.support.building import Machines, eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.tasks.model import TaskRecord
    from sluice_local.server import LocalAws

ROOT = Path(__file__).parents[3]
# short rounds, so that pollers come and go within a test
QUICK = {
    "RoundSeconds": "2",
    "RoundsPerExecution": "1",
    "MaxEmptyRounds": "2",
    "PollerThreads": "8",
}
# the age of a task that is no longer its poller's
LONG_AGO_SECONDS = 3600
# what the template does not allow, as two reconcilers could then meet
IMPATIENT = {"HEARTBEAT_SECONDS": "1", "OVERDUE_SECONDS": "1"}
IMPATIENT_WITH_SAMPLES = {"COHORT_LOOK_SECONDS": "1", "DESCRIBE_RATE_PER_SECOND": "1000"}


@dataclass(frozen=True)
class Stack:
    """A deployed stack and short ways to use it as any state machine of the account would."""

    aws: LocalAws
    outputs: Mapping[str, str]
    name: str = "sluice"

    def physical(self, logical_id: str) -> str:
        """The name, ARN or URL of one of the stack's resources."""
        answer = self.aws.client("cloudformation").describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

    @property
    def root(self) -> Path:
        return ROOT

    @property
    def states(self) -> Any:
        return self.aws.client("stepfunctions")

    @property
    def batch(self) -> Any:
        return self.aws.client("batch")

    @property
    def store(self) -> DynamoTaskStore:
        return DynamoTaskStore(self.aws.client("dynamodb"), self.outputs["TaskTableName"], keep_days=1)

    def job_definition(self, name: str, *command: str, **fields: Any) -> str:
        """A job definition that runs a command; returns its ARN."""
        resources = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
        container = {"image": "any", "command": list(command), "resourceRequirements": resources}
        made = self.batch.register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=container, **fields
        )
        return str(made["jobDefinitionArn"])

    def job(self, name: str, definition: str, **fields: Any) -> dict[str, Any]:
        """A job of a task's input."""
        return {
            "jobName": name,
            "jobQueue": self.outputs["JobQueueArn"],
            "jobDefinition": definition,
            **fields,
        }

    def machine(self, machines: Machines, *jobs: dict[str, Any], name: str = "") -> str:
        """Somebody's state machine of one task on the Activity."""
        task_input = {
            "executionArn.$": "$$.Execution.Id",
            "stateName.$": "$$.State.Name",
            "jobs": list(jobs),
        }
        state = {
            "Type": "Task",
            "Resource": self.outputs["ActivityArn"],
            "Parameters": task_input,
            "HeartbeatSeconds": 600,
            "End": True,
        }
        return machines.create({"StartAt": "Work", "States": {"Work": state}}, name)

    def invoke(self, function: str, event: Any) -> Any:
        """Invokes one of the stack's functions and returns its answer."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.physical(f"{function}Function"), Payload=json.dumps(event)
        )
        body = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, body
        return body

    def delete(self) -> None:
        """Deletes the stack, as `sam delete` does, and waits until it is gone."""
        cloudformation = self.aws.client("cloudformation")
        cloudformation.delete_stack(StackName=self.name)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1}
        )

    def tasks(self, execution_arn: str) -> list[TaskRecord]:
        """The open tasks of an execution."""
        return self.store.of_execution(execution_arn)

    def pollers(self) -> list[dict[str, Any]]:
        """All executions of the poller, by their numbers."""
        pages = self.states.get_paginator("list_executions").paginate(
            stateMachineArn=self.outputs["ActivityPollerArn"]
        )
        found = [each for page in pages for each in page["executions"]]
        return sorted(found, key=lambda each: int(each["name"].rsplit("-", 1)[1]))

    def submitted(self, execution_arn: str, job_name: str) -> str:
        """Waits until a job of the execution's task has its id."""

        def probe() -> str | None:
            jobs = [task.jobs[job_name] for task in self.tasks(execution_arn)]
            return jobs[0].job_id if jobs else None

        return eventually(probe)

    def idle_pollers(self) -> list[dict[str, Any]]:
        """Waits until no poller runs; returns all executions that there were."""
        eventually(lambda: all(each["status"] != "RUNNING" for each in self.pollers()), within_seconds=60)
        return self.pollers()

    def next_task(self) -> dict[str, Any] | None:
        """Takes a task from the Activity, as a poller does."""
        answer = self.states.get_activity_task(activityArn=self.outputs["ActivityArn"])
        return answer if answer.get("taskToken") else None

    def job_called(self, name: str) -> str:
        """The id of the one job of this name in its task."""
        by_name = [{"name": "JOB_NAME", "values": [f"{name}-*"]}]
        (job,) = self.batch.list_jobs(jobQueue=self.outputs["JobQueueArn"], filters=by_name)["jobSummaryList"]
        return str(job["jobId"])

    def ended_job(self, job_id: str) -> dict[str, Any] | None:
        """The description of a job that has ended."""
        (job,) = self.batch.describe_jobs(jobs=[job_id])["jobs"]
        return job if job["status"] in TERMINAL else None

    def closed_task(self, task: TaskRecord) -> TaskState | None:
        """The state of a task that is not open any more."""
        state = TaskState(self._item(task.task.key)["state"]["S"])
        return state if state is not TaskState.OPEN else None

    def forget(self, task: TaskRecord) -> None:
        """Leaves of a task what its poller writes first, long ago: the intent."""
        long_ago_ms = int(time.time() - LONG_AGO_SECONDS) * 1000
        text = self._item(task.task.key)["input"]["S"]
        self.aws.client("dynamodb").delete_item(
            TableName=self.outputs["TaskTableName"], Key={"taskToken": {"S": task.task.key}}
        )
        self.store.put_intent(task.task, text, long_ago_ms)

    def make_due(self, task: TaskRecord, **times: int) -> None:
        """Makes a task due for the reconciler's look; `times` are others of its item, in ms."""
        named = {f"#{name}": name for name in times}
        self.aws.client("dynamodb").update_item(
            TableName=self.outputs["TaskTableName"],
            Key={"taskToken": {"S": task.task.key}},
            UpdateExpression=", ".join(["SET heartbeatAt = :due", *(f"#{name} = :{name}" for name in times)]),
            ExpressionAttributeValues={
                ":due": {"N": "0"},
                **{f":{name}": {"N": str(value)} for name, value in times.items()},
            },
            **({"ExpressionAttributeNames": named} if named else {}),
        )

    def spoil(self, task: TaskRecord) -> None:
        """Makes a task's item unreadable, and due for a look."""
        self.aws.client("dynamodb").update_item(
            TableName=self.outputs["TaskTableName"],
            Key={"taskToken": {"S": task.task.key}},
            UpdateExpression="SET #input = :text, heartbeatAt = :long_ago",
            ExpressionAttributeNames={"#input": "input"},
            ExpressionAttributeValues={":text": {"S": "no JSON"}, ":long_ago": {"N": "0"}},
        )

    def tokens(self) -> list[str]:
        """The tokens of all tasks."""
        items = self.aws.client("dynamodb").scan(TableName=self.outputs["TaskTableName"])["Items"]
        return [item["token"]["S"] for item in items if "token" in item]

    def _item(self, key: str) -> dict[str, Any]:
        answer = self.aws.client("dynamodb").get_item(
            TableName=self.outputs["TaskTableName"], Key={"taskToken": {"S": key}}
        )
        return dict(answer["Item"])


def deployed(aws: LocalAws, name: str = "sluice", **parameters: str) -> Stack:
    """The stack on a Local AWS of a test's own."""
    stack = deployed_of(ROOT / "template.yaml", aws, name, **parameters)
    make_impatient(aws, stack.physical("ReconcileTasksFunction"), IMPATIENT)
    make_impatient(aws, stack.physical("ReconcileSamplesFunction"), IMPATIENT_WITH_SAMPLES)
    return stack


def deployed_of(template: Path, aws: LocalAws, name: str, **parameters: str) -> Stack:
    """A stack of any template that is made or changed, with the functions as the template has them."""
    outputs = deploy(
        aws.client("cloudformation"),
        aws.client("s3"),
        template,
        stack_name=name,
        parameters={**NETWORK, **OPEN, **QUICK, **parameters},
    )
    return Stack(aws, outputs, name)


def make_impatient(aws: LocalAws, name: str, changes: Mapping[str, str]) -> None:
    """Gives a function variables that the template does not let it have."""
    functions = aws.client("lambda")
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, **changes}}
    )
