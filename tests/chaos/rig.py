"""The project's own stack on Local AWS, with its minutes made seconds, so that a round takes seconds."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from botocore.config import Config

from sluice_local.packaging import read_template
from sluice_local.settings import ACCOUNT_ID, LocalSettings
from tests.chaos.cohort import COHORT, COMMANDS, Arns, state_machine
from tests.chaos.observation import Member, with_own_names
from tests.chaos.troubles import POLLER, RECONCILER, STARTER
from tests.e2e.stack.stack import ROOT, Stack, deployed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from sluice_local.server import LocalAws

LOCAL_SETTINGS: Final = LocalSettings(activity_poll_seconds=1, job_slots=16, enforce_iam=True)
"""Long polls of a second, more room than the jobs of a cohort need at once, and the template's own rights."""

ENTRY_POINT: Final = str(ROOT / "jobs/sluice-row")
RATE_PER_SECOND: Final = 10.0
BURST: Final = 5
PARAMETERS: Final[Mapping[str, str]] = {
    "SubmitRatePerSecond": str(RATE_PER_SECOND),
    "SubmitBurst": str(BURST),
    "OtherRatePerSecond": "50",
}
QUICKLY: Final[Mapping[str, str]] = {
    "TAKEOVER_SECONDS": "8",
    "HEARTBEAT_SECONDS": "2",
    "OVERDUE_SECONDS": "3",
}
"""Minutes and hours in the template. A fifth of the first is what a poller has for its last call, which
Local AWS answers in milliseconds."""

VISIBILITY_SECONDS: Final = 4
"""After so long SQS hands out again what a killed function had in hand; half an hour in the template."""

RECONCILE_EVERY_SECONDS: Final = 1.0
PROBE_EVERY_SECONDS: Final = 4.0
QUEUES: Final = ("JobEvents", "WakeUps", "Cancellations")
LOGS: Final = ("SubmitJobs", "HandleJobStatus", "CancelJobs", "EnsurePollers", "ReconcileTasks")


RUNS_AT_ONCE: Final = 4
"""A run may last for 15 times its schedule's minute; so many at once are enough for one that got stuck."""


class Schedule:
    """Invokes a function again and again inside a `with` block, also while a former invocation lasts.

    It stands for EventBridge Scheduler, which knows no seconds. What becomes of an invocation is, as there,
    not the schedule's affair.
    """

    def __init__(self, invoke: Callable[[], None], *, every_seconds: float) -> None:
        self._invoke = invoke
        self._every_seconds = every_seconds
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(RUNS_AT_ONCE)]
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while self._is_due():
            self._invoke()

    def _is_due(self) -> bool:
        """Waits for a turn that no other thread has taken; False when the block has ended."""
        with self._turn:
            return not self._over.wait(self._every_seconds)


@dataclass
class Rig:
    """A deployed stack with the machines of a cohort, and what a round does to it."""

    stack: Stack
    resources: Mapping[str, str]
    machines: Mapping[str, str]
    _pollers: int = 1
    _clients: dict[str, Any] = field(default_factory=dict)
    _shared: dict[str, dict[int, Member]] = field(default_factory=dict)

    @property
    def aws(self) -> LocalAws:
        """The Local AWS that it runs on."""
        return self.stack.aws

    def client(self, service: str) -> Any:
        """A client that is made once; it waits for the longest invocation and never repeats a call."""
        if service not in self._clients:
            config = Config(read_timeout=900, retries={"total_max_attempts": 1})
            self._clients[service] = self.aws.client(service, config)
        return self._clients[service]

    def schedules(self) -> tuple[Schedule, Schedule]:
        """The template's schedules, not started yet."""
        return (
            Schedule(lambda: self.invoke(RECONCILER), every_seconds=RECONCILE_EVERY_SECONDS),
            Schedule(lambda: self.invoke(STARTER), every_seconds=PROBE_EVERY_SECONDS),
        )

    def invoke(self, function: str) -> None:
        """Invokes a function and waits for its end, whatever that is."""
        self.client("lambda").invoke(FunctionName=self.resources[function], Payload=b"{}")

    def use_pollers(self, count: int) -> None:
        """Deploys another number of pollers."""
        if count != self._pollers:
            for function in (POLLER, STARTER):
                self._set_environment(function, {"POLLER_COUNT": str(count)})
            self._pollers = count

    def start(self, workflow: str, name: str) -> str:
        """Starts an execution of a workflow; returns its ARN."""
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.machines[workflow], name=name
        )
        return str(started["executionArn"])

    def stop(self, execution_arn: str) -> None:
        """Stops an execution, as a person does."""
        self.client("stepfunctions").stop_execution(executionArn=execution_arn)

    def items(self, label: str) -> list[dict[str, Any]]:
        """The task items of the round that `label` names."""
        pages = (
            self.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self.stack.outputs["TaskTableName"])
        )
        found = [item for page in pages for item in page["Items"]]
        return [
            item for item in found if "executionArn" in item and execution_name(item).startswith(f"{label}-")
        ]

    def jobs(self) -> dict[str, Any]:
        """The page of jobs, on which the children of arrays that tasks share are those tasks' jobs."""
        page = self.aws.page("jobs")
        arrays = {
            row["parameters"]["taskArray"]
            for name in ("jobs", "forgotten")
            for row in page[name]
            if "taskArray" in row["parameters"]
        }
        for array_id in arrays - self._shared.keys():
            self._shared[array_id] = self._members(array_id)
        return with_own_names(page, self._shared)

    def _members(self, array_id: str) -> dict[int, Member]:
        """Whose the children of an array are; an array is never submitted before that is written."""
        (array,) = self._read([f"array:{array_id}"])
        keys = {int(index): key["S"] for index, key in array["members"]["M"].items()}
        tasks = {item["taskToken"]["S"]: item for item in self._read(list(keys.values()))}
        return {
            index: Member(key, json.loads(tasks[key]["input"]["S"])["jobs"][0]) for index, key in keys.items()
        }

    def _read(self, keys: list[str]) -> list[dict[str, Any]]:
        table = self.stack.outputs["TaskTableName"]
        wanted = {table: {"Keys": [{"taskToken": {"S": key}} for key in keys], "ConsistentRead": True}}
        answer = self.client("dynamodb").batch_get_item(RequestItems=wanted)
        found: list[dict[str, Any]] = answer["Responses"][table]
        return found

    def messages(self) -> dict[str, int]:
        """How many messages lie in each queue, those in somebody's hand included."""
        names = [f"{queue}{kind}" for queue in QUEUES for kind in ("Queue", "DeadLetters")]
        return {name: self._messages_in(self.resources[name]) for name in names}

    def log_lines(self, since_s: float) -> Iterator[str]:
        """What the functions have logged since then."""
        for function in LOGS:
            pages = (
                self.client("logs")
                .get_paginator("filter_log_events")
                .paginate(logGroupName=self.resources[f"{function}Logs"], startTime=int(since_s * 1000))
            )
            yield from (event["message"] for page in pages for event in page["events"])

    def shorten(self) -> None:
        """Makes seconds of the template's minutes, and takes its schedules off."""
        for function in LOGS:
            self._set_environment(f"{function}Function", QUICKLY)
        for queue in QUEUES:
            self.client("sqs").set_queue_attributes(
                QueueUrl=self.resources[f"{queue}Queue"],
                Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)},
            )
        functions = self.client("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], MaximumBatchingWindowInSeconds=0)
        scheduler = self.client("scheduler")
        for each in scheduler.list_schedules()["Schedules"]:
            schedule = scheduler.get_schedule(Name=each["Name"], GroupName=each["GroupName"])
            kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
            scheduler.update_schedule(**{name: schedule[name] for name in kept}, State="DISABLED")

    def _set_environment(self, function: str, changes: Mapping[str, str]) -> None:
        functions = self.client("lambda")
        name = self.resources[function]
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": {**variables, **changes}}
        )

    def _messages_in(self, url: str) -> int:
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        answer = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(names))
        return sum(int(answer["Attributes"][name]) for name in names)


def execution_name(item: Mapping[str, Any]) -> str:
    """The name of the execution that a task item is of."""
    return str(item["executionArn"]["S"]).rpartition(":")[2]


def build_rig(aws: LocalAws) -> Rig:
    """Deploys the stack and the cohort's state machines on a Local AWS."""
    stack = deployed(aws, JobQueueArns=_add_queue(aws), **PARAMETERS)
    listed = aws.client("cloudformation").describe_stack_resources(StackName="sluice")["StackResources"]
    resources = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}
    definitions = {
        program: stack.job_definition(f"chaos-{program}", ENTRY_POINT, *command)
        for program, command in COMMANDS.items()
    }
    arns = Arns(stack.outputs["ActivityArn"], stack.outputs["JobQueueArn"], definitions)
    role_arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{resources['WorkflowRole']}"
    machines = {
        workflow.name: stack.states.create_state_machine(
            name=f"chaos-{workflow.name}",
            definition=json.dumps(state_machine(workflow, arns)),
            roleArn=role_arn,
        )["stateMachineArn"]
        for workflow in COHORT
    }
    rig = Rig(stack, resources, machines)
    rig.shorten()
    return rig


def _add_queue(aws: LocalAws) -> str:
    """A queue of instances, as tasks share no arrays on Fargate; it ends stuck jobs as the stack's does."""
    template, batch = read_template((ROOT / "template.yaml").read_text()), aws.client("batch")
    limits = template["Resources"]["JobQueue"]["Properties"]["JobStateTimeLimitActions"]
    actions = [{name[:1].lower() + name[1:]: value for name, value in each.items()} for each in limits]
    batch.create_compute_environment(computeEnvironmentName="chaos", type="UNMANAGED")
    order: list[Any] = [{"order": 1, "computeEnvironment": "chaos"}]
    made = batch.create_job_queue(
        jobQueueName="chaos",
        priority=1,
        computeEnvironmentOrder=order,
        jobStateTimeLimitActions=actions,
    )
    return str(made["jobQueueArn"])


def until(
    what: Callable[[], str | None], *, within_seconds: float, every_seconds: float = 0.25
) -> str | None:
    """Waits until nothing is left to wait for; returns what was left when the time was up."""
    deadline = time.monotonic() + within_seconds
    while (left := what()) is not None and time.monotonic() < deadline:
        time.sleep(every_seconds)
    return left
