"""The stack as template.yaml describes it, standing in a simulated world."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sluice_local.packaging import read_template
from tests.simulation import seams
from tests.simulation.aws.batch import Batch
from tests.simulation.aws.dynamodb import DynamoDb
from tests.simulation.aws.functions import Function, Schedule
from tests.simulation.aws.machines import CohortMachine, Poller
from tests.simulation.aws.queues import Bus, Queue, Rule, SourceMapping
from tests.simulation.aws.stepfunctions import Execution, StepFunctions
from tests.simulation.aws.tables import Index, Table
from tests.simulation.aws.workflows import State, Workflows
from tests.simulation.client import Network, Outage
from tests.simulation.kernel.world import MICROSECONDS, Process, World
from tests.support.rows import decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.simulation.aws.batch import Fate
    from tests.simulation.profiles import Profile

TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"
ARN: Final = "arn:aws:states:eu-west-1:123456789012"
POLLER: Final = f"{ARN}:stateMachine:sluice-activity-poller"
COHORTS: Final = f"{ARN}:stateMachine:sluice-cohorts"
WORKFLOW: Final = f"{ARN}:stateMachine:workflow"
QUEUE: Final = "JobQueue"
UNLIMITED: Final = 1_000
"""Batches that Lambda may handle at once: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
UNITS: Final = {"minute": 60, "minutes": 60, "hour": 3600, "hours": 3600}


@cache
def template() -> Mapping[str, Any]:
    """The template, read once."""
    read: Mapping[str, Any] = read_template(TEMPLATE.read_text(encoding="utf-8"))
    return read


def resolved(value: Any, given: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - one for each of CloudFormation's functions
    """A value of the template with its references replaced; resources are called as in the template."""
    if isinstance(value, list):
        return [resolved(each, given) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((kind, what),) = value.items()
        if kind == "Ref":
            return _ref(what, given)
        if kind == "Fn::Sub":
            text, own = (what, {}) if isinstance(what, str) else (what[0], resolved(what[1], given))
            return re.sub(r"\$\{([^}]+)\}", lambda found: str(_ref(found[1], {**given, **own})), text)
        if kind == "Fn::Join":
            parts = resolved(what[1], given)
            return what[0].join(parts.split(",") if isinstance(parts, str) else parts)
        if kind == "Fn::GetAtt":
            return (what if isinstance(what, str) else what[0]).split(".")[0]
        if kind == "Fn::If":
            return resolved(what[1], given)
    return {name: resolved(each, given) for name, each in value.items()}


def _ref(name: str, given: Mapping[str, Any]) -> Any:
    pseudo = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012"}
    pseudo |= {"AWS::StackName": "sluice", "ActivityPoller": POLLER}
    if name in given:
        return given[name]
    parameter = template()["Parameters"].get(name)
    return pseudo.get(name, name) if parameter is None else parameter["Default"]


def _pattern(given: Any) -> Any:
    """An event pattern, which may be given as text."""
    return json.loads(given) if isinstance(given, str) else given


@dataclass
class Plan:
    """What a round gives the stack: its parameters, and what workflows and jobs will do.

    Attributes:
        given: parameters of the template and environment variables that differ from its defaults.
        workflow: the states of an execution.
        fate: what becomes of a job, by SubmitJob's request.
        outages: when a service fails.
    """

    given: Mapping[str, Any]
    workflow: Callable[[Execution], tuple[State, ...]]
    fate: Callable[[Mapping[str, Any]], Fate]
    outages: list[Outage]
    submits_per_second: float = 50


class Stack:
    """Every resource, connected as the template says."""

    def __init__(self, world: World, profile: Profile, plan: Plan) -> None:
        self.world, self.profile, self.plan = world, profile, plan
        self.handlers = seams.install()
        self.wrong_rows: list[str] = []
        self.bus = Bus(world, profile)
        self.step_functions = StepFunctions(world, self.bus.emit)
        self.batch = Batch(
            world,
            fate=plan.fate,
            task_of=self._task_of,
            lag=self._list_lag,
            emit=self.bus.emit,
            per_second=plan.submits_per_second,
            misses=self._misses,
            spares=self._spares,
        )
        self.tables = {
            name: table_of(self._properties(name)) for name in ("TaskTable", "RateTable", "CohortTable")
        }
        self.dynamodb = DynamoDb(world, self.tables, self._index_lag)
        self.watchers: list[Callable[[str, Mapping[str, Any], Process], None]] = []
        self.network = Network(world, profile, plan.outages, self._services(), self._watch)
        self.queues = {name: self._queue(name) for name in self._named("AWS::SQS::Queue", "RedrivePolicy")}
        self.bus.rules = [self._rule(name) for name in self._named("AWS::Events::Rule")]
        self.functions = {name: self._function(name) for name in self._named("AWS::Serverless::Function")}
        submitting, probing = (self.functions[f"{name}Function"] for name in ("SubmitJobs", "ProbeActivity"))
        self.poller = Poller(self.step_functions, submitting, probing, self._rounds, self._resting)
        self.workflows = Workflows(self.step_functions, plan.workflow)
        cohorts = CohortMachine(self.step_functions, self.functions["StartSamplesFunction"])
        self.step_functions.drivers |= {POLLER: self.poller, WORKFLOW: self.workflows, COHORTS: cohorts}

    def client(self, service: str, process: Process) -> Any:
        """A client of a person's own."""
        return self.network.client(service, process, {"total_max_attempts": 8}, 10)

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment variables of all functions."""
        variables = template()["Globals"]["Function"]["Environment"]["Variables"]
        found = {name: str(resolved(value, self.plan.given)) for name, value in variables.items()}
        found |= dict.fromkeys(("JOB_DEFINITION_ARNS", "WORKFLOW_ARNS"), "*")
        return found | {name: str(self.plan.given[name]) for name in found if name in self.plan.given}

    def keys_of(self, parameters: Mapping[str, str]) -> list[str]:
        """The keys of the tasks that a submission with these parameters is for."""
        if "taskArray" not in parameters:
            return [parameters["taskKey"]]
        array = self.tables["TaskTable"].items["array:" + parameters["taskArray"],]
        return [key["S"] for key in array["members"]["M"].values()]

    def _resting(self, slot: int) -> int | None:
        """The link of a slot that has gone to rest last."""
        item = self.tables["RateTable"].items.get((f"sluice/slot-{slot}",), {})
        return int(item["resting"]["N"]) if "resting" in item else None

    def _watch(self, operation: str, request: Mapping[str, Any], process: Process) -> None:
        if operation == "GetActivityTask":
            self.poller.polled(process)
        for watcher in self.watchers:
            watcher(operation, request, process)

    @property
    def _rounds(self) -> int:
        return int(resolved({"Ref": "RoundsPerExecution"}, self.plan.given))

    def _named(self, kind: str, having: str = "") -> list[str]:
        found = template()["Resources"].items()
        return [
            name
            for name, each in found
            if each["Type"] == kind and (not having or having in each["Properties"])
        ]

    def _properties(self, name: str) -> Mapping[str, Any]:
        properties: Mapping[str, Any] = resolved(template()["Resources"][name]["Properties"], self.plan.given)
        return properties

    def _queue(self, name: str) -> Queue:
        properties = self._properties(name)
        return Queue(name, properties["VisibilityTimeout"], properties["RedrivePolicy"]["maxReceiveCount"])

    def _rule(self, name: str) -> Rule:
        properties = self._properties(name)
        targets = [(self.queues[each["Arn"]], each.get("Input")) for each in properties["Targets"]]
        return Rule(_pattern(properties["EventPattern"]), targets)

    def _function(self, name: str) -> Function:
        properties = self._properties(name)
        function = Function(
            self.world,
            name.removesuffix("Function"),
            self.handlers[properties["Handler"].split(".")[0]],
            timeout=properties.get("Timeout", template()["Globals"]["Function"]["Timeout"]),
            memory={"environment": self.environment, "network": self.network},
            offset_us=self._skew,
        )
        for event in properties.get("Events", {}).values():
            asked = event["Properties"]
            if event["Type"] == "SQS":
                self._map(function, asked)
            else:
                number, unit = re.fullmatch(r"rate\((\d+) (\w+)\)", asked["ScheduleExpression"]).groups()  # type: ignore[union-attr]
                seconds = int(number) * UNITS[unit]
                sent = json.loads(asked.get("Input", "{}"))
                Schedule(self.world, function, seconds, self.profile.doubled, sent).begin()
        return function

    def _map(self, function: Function, asked: Mapping[str, Any]) -> None:
        SourceMapping(
            self.world,
            self.queues[asked["Queue"]],
            function,
            asked["BatchSize"],
            asked.get("MaximumBatchingWindowInSeconds", 0),
            asked.get("ScalingConfig", {}).get("MaximumConcurrency", UNLIMITED),
            partial="FunctionResponseTypes" in asked,
        ).begin()

    def _skew(self) -> int:
        if not self.profile.skew:
            return 0
        draw = self.world.chance.draw("clock")
        if not self.world.chance.happens(draw, 1, "a clock is off"):
            return 0
        return round((2 * draw.size - 1) * self.profile.skew * MICROSECONDS)

    def _index_lag(self) -> float:
        draw = self.world.chance.draw("index")
        return 0 if draw.fate < 0.5 else draw.size**4 * self.profile.index_lag

    def _misses(self) -> bool:
        draw = self.world.chance.draw("description")
        return self.world.chance.happens(draw, self.profile.missed, "DescribeJobs misses a job")

    def _spares(self) -> bool:
        draw = self.world.chance.draw("termination")
        return self.world.chance.happens(draw, self.profile.throttled, "TerminateJobs leaves a job out")

    def _task_of(self, request: Mapping[str, Any], index: int | None) -> tuple[str, str]:
        """The task of a job, and what the job is called there."""
        if index is None:
            return self.step_functions.task_of(request).token, request["parameters"]["taskJob"]
        item = self.tables["TaskTable"].items["array:" + request["parameters"]["taskArray"],]
        task = self.step_functions.by_key[item["members"]["M"][str(index)]["S"]]
        (variable,) = request["containerOverrides"]["environment"]
        (job,) = json.loads(task.input)["jobs"]
        is_its = request["jobDefinition"] == job["jobDefinition"]
        if not is_its or decoded(variable["value"])[index] != [job["parameters"]["sample"]]:
            self.wrong_rows.append(
                f"child {index} of {request['jobName']} has another task's row or definition"
            )
        return task.token, job["jobName"]

    def _list_lag(self) -> float:
        draw = self.world.chance.draw("listing")
        return draw.size**2 * self.profile.list_lag

    def _services(self) -> dict[str, dict[str, Any]]:
        owned: dict[str, Any] = {"dynamodb": self.dynamodb, "batch": self.batch}
        owned |= {"stepfunctions": self.step_functions, "cloudwatch": self.step_functions}
        services = {
            name: {method: getattr(owner, method) for method in METHODS[name]}
            for name, owner in owned.items()
        }
        return {**services, "events": {"describe_rule": self._described_rule}}

    def _described_rule(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html."""
        pattern = _pattern(self._properties(request["Name"])["EventPattern"])
        return {"EventPattern": json.dumps(pattern)}


METHODS: Final = {
    "dynamodb": (
        "get_item",
        "batch_get_item",
        "put_item",
        "update_item",
        "transact_write_items",
        "query",
        "scan",
    ),
    "cloudwatch": ("get_metric_data",),
    "batch": (
        "submit_job",
        "list_jobs",
        "describe_jobs",
        "describe_job_queues",
        "describe_compute_environments",
        "terminate_job",
        "terminate_jobs",
    ),
    "stepfunctions": (
        "describe_state_machine",
        "start_execution",
        "describe_execution",
        "stop_execution",
        "redrive_execution",
        "get_execution_history",
        "get_activity_task",
        "send_task_success",
        "send_task_failure",
        "send_task_heartbeat",
    ),
}
"""The methods that a client has here."""


def table_of(properties: Mapping[str, Any]) -> Table:
    """A table with the keys and indexes of its properties."""
    keys = tuple(key["AttributeName"] for key in properties["KeySchema"])
    indexes = {each["IndexName"]: _index(each, keys) for each in properties.get("GlobalSecondaryIndexes", ())}
    return Table(keys, indexes)


def _index(asked: Mapping[str, Any], keys: tuple[str, ...]) -> Index:
    schema = [key["AttributeName"] for key in asked["KeySchema"]]
    shown = {*keys, *schema, *asked["Projection"].get("NonKeyAttributes", ())}
    return Index(
        schema[0],
        schema[1] if len(schema) > 1 else None,
        lambda item: {name: item[name] for name in shown if name in item},
    )
