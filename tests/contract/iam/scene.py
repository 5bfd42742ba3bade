"""The stack under enforcement, kept quiet, so that one function at a time can be tried."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sluice.arrays.groups import Member
from sluice.arrays.shape import row_of
from sluice.aws.tables.array_store import DynamoArrayStore
from sluice.tasks.contract import parse_task
from sluice.tasks.model import new_record, task_key
from tests.contract.iam.policies import deployed_policies
from tests.e2e.stack.stack import Stack, deployed, make_impatient
from tests.support.building import Machines, make_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sluice.tasks.model import TaskRecord
    from sluice_local.server import LocalAws
    from tests.contract.iam.policies import Policy

QUICK = {"RoundSeconds": "1", "MaxEmptyRounds": "2", "RoundsPerExecution": "1"}
ACCOUNT = "arn:aws:{}:us-east-1:000000000000"
DEFINITIONS = ("sleep", "true", "false")
BOUNDS = {
    "JobDefinitionArns": ",".join(f"{ACCOUNT.format('batch')}:job-definition/{each}" for each in DEFINITIONS),
    # those of `Scene.machines`
    "WorkflowArns": f"{ACCOUNT.format('states')}:stateMachine:m????????????*",
}
# too short to wait for a permission, which a probe takes away on purpose
HASTE = {"TAKEOVER_SECONDS": "6"}
LONG_AGO_SECONDS = 3600
"""The age of a task whose poller is dead, and whose jobs' events should have come."""


@dataclass(frozen=True)
class Handed:
    """A task in the hands of a worker, and the execution that waits for it."""

    token: str
    execution: str


@dataclass(frozen=True)
class Scene:
    """A deployed stack whose roles are enforced.

    Attributes:
        stack: the stack, used by an administrator.
        resources: (type, physical id) by logical id.
    """

    stack: Stack
    resources: Mapping[str, tuple[str, str]]

    @property
    def aws(self) -> LocalAws:
        return self.stack.aws

    def physical(self, logical_id: str) -> str:
        """The name, ARN or URL of a resource of the stack."""
        return self.resources[logical_id][1]

    def arn(self, logical_id: str) -> str:
        """The ARN of one of the stack's queues or tables."""
        kind, physical = self.resources[logical_id]
        if kind == "AWS::SQS::Queue":
            return f"arn:aws:sqs:{self.aws.region}:000000000000:{physical.rpartition('/')[2]}"
        return f"arn:aws:dynamodb:{self.aws.region}:000000000000:table/{physical}"

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """Every policy that the template deploys."""
        return tuple(deployed_policies(self.aws, self.resources))

    @cached_property
    def bounds(self) -> frozenset[str]:
        """ARNs of which the stack was given any number: one permission of many names."""
        ssm = self.aws.client("ssm")
        names = [self.physical(name) for name in ("JobDefinitionBounds", "WorkflowBounds")]
        given = ",".join(ssm.get_parameter(Name=name)["Parameter"]["Value"] for name in names).split(",")
        return frozenset([*given, *(f"{each}:*" for each in given)])

    def decisions(self) -> list[dict[str, Any]]:
        """All that IAM was asked so far."""
        return list(self.aws.page("iam")["decisions"])

    def machines(self) -> Machines:
        """A maker of state machines with a name of their own."""
        return Machines(self.stack.states, f"m{uuid.uuid4().hex[:12]}")

    def start(self, *jobs: dict[str, Any]) -> str:
        """Starts somebody's workflow of one task on the stack's Activity; returns the execution."""
        machines = self.machines()
        return machines.start(self.stack.machine(machines, *jobs))

    def handed(self) -> Handed:
        """A task of an activity that is not the stack's, so that no poller takes it."""
        machines, states = self.machines(), self.stack.states
        activity = states.create_activity(name=machines.name)["activityArn"]
        execution = machines.start(machines.of_one_task(activity))
        return Handed(states.get_activity_task(activityArn=activity)["taskToken"], execution)

    def put_task(self, handed: Handed, *jobs: dict[str, Any], ids: Mapping[str, str]) -> None:
        """Writes a task's item as a poller did it long ago, with the ids of those jobs that it submitted."""
        text = json.dumps({"executionArn": handed.execution, "stateName": "Work", "jobs": list(jobs)})
        long_ago_ms = (int(time.time()) - LONG_AGO_SECONDS) * 1000
        self.stack.store.put_intent(parse_task(handed.token, text), text, long_ago_ms)
        if ids:
            self.stack.store.record_submitted(task_key(handed.token), ids)

    def put_shared(self, handed: Handed, sample: str) -> TaskRecord:
        """Writes the intent of a task that says what varies."""
        job = self.stack.job("only", "any:1", parameters={"sample": sample})
        given = {"executionArn": handed.execution, "stateName": "Work", "jobs": [job], "vary": ["sample"]}
        task, now_ms = parse_task(handed.token, json.dumps(given)), int(time.time()) * 1000
        self.stack.store.put_intent(task, json.dumps(given), now_ms)
        return new_record(task, now_ms)

    def seal(self, records: Sequence[TaskRecord]) -> str:
        """Writes the array of such tasks, as a poller does before it submits it; returns its id."""
        array_id = uuid.uuid4().hex
        members = [Member(each, row, 0) for each in records if (row := row_of(each.task))]
        store = DynamoArrayStore(self.aws.client("dynamodb"), self.physical("TaskTable"), 1, time.sleep)
        assert store.seal(array_id, members, int(time.time()) * 1000) == members
        return array_id

    def task_state(self, token: str) -> str:
        """The state of a task's item."""
        answer = self.aws.client("dynamodb").get_item(
            TableName=self.physical("TaskTable"), Key={"taskToken": {"S": task_key(token)}}
        )
        return str(answer["Item"]["state"]["S"])

    def forget_rate(self, api: str) -> None:
        """Removes a limiter's item, so that the next one to need it makes it."""
        self.aws.client("dynamodb").delete_item(
            TableName=self.physical("RateTable"), Key={"name": {"S": api}}
        )

    def invoke(self, function: str, event: Any) -> tuple[str | None, Any]:
        """Invokes a function; returns how it failed, None if it did not, and its answer."""
        name = self.physical(f"{function}Function")
        answer = self.aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        body = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            return f"{function} fails: {body['errorType']}", body
        failed = (body or {}).get("batchItemFailures")
        return (f"{function} hands its record back" if failed else None), body

    @contextmanager
    def listening(self, function: str) -> Iterator[None]:
        """Lets a function take the messages of its queue."""
        mapping = self._mapping(self.physical(f"{function}Function"))
        client = self.aws.client("lambda")
        client.update_event_source_mapping(UUID=mapping, Enabled=True)
        try:
            yield
        finally:
            client.update_event_source_mapping(UUID=mapping, Enabled=False)

    def _mapping(self, function: str) -> str:
        found = self.aws.client("lambda").list_event_source_mappings(FunctionName=function)
        return str(found["EventSourceMappings"][0]["UUID"])

    def set_awake(self, awake: bool) -> None:
        """Lets queues and schedules call functions, or stops them."""
        functions, scheduler = self.aws.client("lambda"), self.aws.client("scheduler")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=awake)
        for listed in scheduler.list_schedules()["Schedules"]:
            schedule = scheduler.get_schedule(Name=listed["Name"])
            fields = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
            kept = {field: schedule[field] for field in fields}
            scheduler.update_schedule(**kept, State="ENABLED" if awake else "DISABLED")

    def waiting(self, logical_id: str) -> int:
        """How many messages of a queue are there, in flight or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.aws.client("sqs").get_queue_attributes(
            QueueUrl=self.physical(logical_id), AttributeNames=names
        )
        return sum(int(found["Attributes"][name]) for name in names)

    def tidy(self) -> None:
        """Removes what a probe has left: open tasks, items, running workflows and jobs, messages."""
        self.aws.end_faults()
        dynamodb, states, sqs = (self.aws.client(each) for each in ("dynamodb", "stepfunctions", "sqs"))
        for token in self.stack.tokens():
            dynamodb.delete_item(
                TableName=self.physical("TaskTable"), Key={"taskToken": {"S": task_key(token)}}
            )
        # those of the limiters, and of the poller slots, whose numbers a probe makes up
        for table, names in (("CohortTable", ("cohort", "entry")), ("RateTable", ("name",))):
            for item in dynamodb.scan(TableName=self.physical(table))["Items"]:
                key = {name: item[name] for name in names}
                dynamodb.delete_item(TableName=self.physical(table), Key=key)
        machines = ("ActivityPollerArn", "WorkflowArn", "CohortMachineArn")
        own = {self.stack.outputs[name] for name in machines}
        for machine in states.list_state_machines()["stateMachines"]:
            arn = machine["stateMachineArn"]
            _stop_all(states, arn)
            if arn not in own:
                states.delete_state_machine(stateMachineArn=arn)
        for logical_id, (kind, url) in self.resources.items():
            if kind == "AWS::SQS::Queue" and self.waiting(logical_id):
                sqs.purge_queue(QueueUrl=url)
        for job in self.aws.page("jobs")["jobs"]:
            if job["status"] not in {"SUCCEEDED", "FAILED"}:
                self.stack.batch.terminate_job(jobId=job["jobId"], reason="tidied")

    def stop_pollers(self) -> None:
        """Ends the pollers that a probe has started."""
        _stop_all(self.stack.states, self.stack.outputs["ActivityPollerArn"])


def _stop_all(states: Any, machine_arn: str) -> None:
    running = states.list_executions(stateMachineArn=machine_arn, statusFilter="RUNNING")
    for execution in running["executions"]:
        try:
            states.stop_execution(executionArn=execution["executionArn"])
        except states.exceptions.ClientError as error:
            # it has ended since it was listed
            if error.response["Error"]["Code"] != "ValidationException":
                raise


def within(seconds: float, probe: Callable[[], bool]) -> bool:
    """Return whether `probe` became true in time."""
    deadline = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def enforced_scene(aws: LocalAws) -> Scene:
    """Deploys the stack on a Local AWS that enforces IAM, and quietens it."""
    make_role(aws.client("iam"))
    stack = deployed(aws, **QUICK, **BOUNDS)
    listed = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName="sluice")
    resources = {
        each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"])
        for page in listed
        for each in page["StackResourceSummaries"]
    }
    scene = Scene(stack, resources)
    scene.set_awake(False)
    for function in ("SubmitJobsFunction", "ReconcileTasksFunction"):
        make_impatient(aws, stack.physical(function), HASTE)
    return scene
