"""What tasks may use, what cohorts may start, and whose executions are listened to: with IAM enforced."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sluice_cli.adopting.checking import check
from sluice_cli.adopting.job_checks import Known
from sluice_cli.aws.stack import find_stack, startable_workflows, usable_definitions, watched_queues
from sluice_local.deploy import DeployError
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from sluice_local.stack import OPEN
from tests.e2e.stack.stack import deployed, make_impatient
from tests.functional.cli.fakes import FakeApi
from tests.support.building import Machines, eventually, make_role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_cli.aws.stack import Stack as Described
    from tests.e2e.stack.stack import Stack

ACCOUNT = "arn:aws:{}:us-east-1:000000000000"
DEFINITIONS, MACHINES = ACCOUNT.format("batch"), ACCOUNT.format("states")
CLOSED = dict.fromkeys(OPEN, "")
WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(LocalSettings(activity_poll_seconds=1, enforce_iam=True)) as aws:
        make_role(aws.client("iam"))
        yield aws


@pytest.fixture(scope="module")
def lab(aws: LocalAws) -> Stack:
    """A stack that may use what is its own."""
    return deployed(aws, "lab", **CLOSED)


@pytest.fixture
def machines(aws: LocalAws, unique: str) -> Machines:
    return Machines(aws.client("stepfunctions"), unique)


def ran(stack: Stack, machines: Machines, definition: str, suffix: str = "") -> Any:
    """How an execution ends whose one job is of a definition."""
    machine = stack.machine(machines, stack.job("only", definition), name=suffix)
    return machines.ended(machines.start(machine), within_seconds=60)


def submissions(stack: Stack, definition: str) -> int:
    """How often IAM was asked whether a job of a definition may be submitted."""
    return sum(
        each["count"]
        for each in stack.aws.page("iam")["decisions"]
        if each["action"] == "batch:SubmitJob" and definition in each["resource"]
    )


@pytest.mark.parametrize("called", ["name", "name:revision", "ARN", "ARN without revision"])
def test_the_stack_s_own_definitions_may_be_used_however_they_are_called(
    lab: Stack, machines: Machines, called: str
) -> None:
    arn = lab.job_definition("lab-accept-true", "true")
    name = {
        "name": "lab-accept-true",
        "name:revision": arn.rpartition("/")[2],
        "ARN": arn,
        "ARN without revision": arn.rpartition(":")[0],
    }[called]
    ended = ran(lab, machines, name)
    assert ended["status"] == "SUCCEEDED", ended.get("cause")


@pytest.mark.parametrize("called", ["name", "name:revision", "ARN"])
def test_a_definition_of_somebody_else_is_refused_before_batch_hears_of_it(
    lab: Stack, machines: Machines, unique: str, called: str
) -> None:
    arn = lab.job_definition(unique, "true")
    name = {"name": unique, "name:revision": f"{unique}:1", "ARN": arn}[called]
    ended = ran(lab, machines, name)
    assert (ended["status"], ended["error"]) == ("FAILED", "Task.Rejected")
    cause = json.loads(ended["cause"])
    assert "is no job definition that this stack may use" in cause["reason"]
    assert "JobDefinitionArns" in cause["reason"]
    assert "job-definition/lab-align" in cause["reason"]
    assert submissions(lab, unique) == 0


@pytest.mark.parametrize("beyond", ["jobDefinition", "jobQueue"])
def test_what_a_task_is_told_was_said_by_the_check_before(
    lab: Stack, aws: LocalAws, machines: Machines, unique: str, beyond: str
) -> None:
    # GIVEN a state machine that is not deployed yet, and the check of it
    job = {**lab.job("only", "lab-accept-true"), beyond: f"{unique}-other"}
    found = of_stack(aws, lab)
    known = Known(watched_queues(found), usable_definitions(found))
    task = {"executionArn.$": "$$.Execution.Id", "stateName.$": "$$.State.Name", "jobs": [job]}
    state = {
        "Type": "Task",
        "Resource": lab.outputs["ActivityArn"],
        "Parameters": task,
        "TimeoutSeconds": 600,
    }
    said = [
        each.text
        for each in check("m", json.dumps({"States": {"Work": state}}), known).problems
        if each.is_error
    ]
    # WHEN it runs all the same
    ended = machines.ended(machines.start(lab.machine(machines, job)), within_seconds=60)
    # THEN the task is told the same
    assert said == [f"jobs[0].{beyond} {json.loads(ended['cause'])['reason']}."]


def test_another_stack_s_definitions_are_not_the_stack_s(
    lab: Stack, aws: LocalAws, machines: Machines, unique: str
) -> None:
    # its name begins like the stack's own
    other = deployed(aws, f"lab-{unique}", **CLOSED)
    ended = ran(lab, machines, other.outputs["AlignJobDefinitionArn"])
    assert ended["error"] == "Task.Rejected"
    assert other.outputs["AlignJobDefinitionArn"] in ended["cause"]


def test_what_a_deployment_adds_is_known_to_a_poller_of_the_one_before(
    aws: LocalAws, machines: Machines, unique: str
) -> None:
    # GIVEN a stack that refuses a job definition
    stack = deployed(aws, unique, **CLOSED)
    arn = stack.job_definition(f"{unique}-mine", "true")
    assert ran(stack, machines, arn, "-before")["error"] == "Task.Rejected"
    function = stack.physical("SubmitJobsFunction")
    variables = aws.client("lambda").get_function_configuration(FunctionName=function)["Environment"]
    # WHEN it is given it, and a poller still has the former environment
    deployed(aws, unique, **{**CLOSED, "JobDefinitionArns": arn.rpartition(":")[0]})
    make_impatient(aws, function, variables["Variables"])
    # THEN it submits the next job of it
    ended = ran(stack, machines, arn, "-after")
    assert ended["status"] == "SUCCEEDED", ended.get("cause")


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("JobDefinitionArns", f"{DEFINITIONS}:job-definition/mine"),
        ("WorkflowArns", f"{MACHINES}:stateMachine:mine"),
    ],
)
def test_a_star_among_arns_and_a_name_are_refused(aws: LocalAws, unique: str, name: str, arn: str) -> None:
    with pytest.raises(DeployError, match=f"Give {name} either ARNs or a single"):
        deployed(aws, unique, **{**CLOSED, name: f"{arn},*"})
    with pytest.raises(DeployError, match=f"{name}.* ARNs of"):
        deployed(aws, unique, **{**CLOSED, name: "mine"})


@pytest.mark.parametrize("given", ["", "*", "{}-mine*"], ids=["none", "all", "some"])
def test_the_command_line_knows_the_bounds_by_the_parameters(
    lab: Stack, aws: LocalAws, unique: str, given: str
) -> None:
    arns = {
        "JobDefinitionArns": f"{DEFINITIONS}:job-definition/",
        "WorkflowArns": f"{MACHINES}:stateMachine:",
    }
    chosen = {name: given.format(f"{arn}{unique}") if "{" in given else given for name, arn in arns.items()}
    stack = deployed(aws, unique, **chosen) if given else lab
    found = of_stack(aws, stack)
    bounds = {"job-definitions": usable_definitions(found), "workflows": startable_workflows(found)}
    for name, known in bounds.items():
        parameter = aws.client("ssm").get_parameter(Name=f"/sluice/{stack.name}/{name}")["Parameter"]
        assert set(known) == set(parameter["Value"].split(","))


def of_stack(aws: LocalAws, stack: Stack) -> Described:
    """The stack as the command line reads it."""
    described = aws.client("cloudformation").describe_stacks(StackName=stack.name)
    return find_stack(FakeApi({("cloudformation", "describe_stacks"): described}), stack.name)


def launched(stack: Stack, machines: Machines, workflow: str) -> Any:
    """How a launch of one sample ends."""
    request = {
        "cohort": machines.name,
        "workflowArn": workflow,
        "sheet": {"format": "csv", "inline": "sample\ns1\n"},
        "only": "all",
    }
    execution = machines.start(stack.outputs["CohortMachineArn"], request)
    return machines.ended(execution, within_seconds=60)


def test_a_cohort_starts_no_state_machine_that_is_out_of_bounds(lab: Stack, machines: Machines) -> None:
    workflow = machines.create(WAITS)
    ended = launched(lab, machines, workflow)
    assert ended["status"] == "FAILED"
    assert f"must not start {workflow}" in ended["cause"]
    assert "WorkflowArns" in ended["cause"]
    assert machines.states.list_executions(stateMachineArn=workflow)["executions"] == []


def test_a_cohort_starts_what_the_stack_was_given(aws: LocalAws, machines: Machines, unique: str) -> None:
    given = {**CLOSED, "WorkflowArns": f"{MACHINES}:stateMachine:{unique}*"}
    stack = deployed(aws, unique, **given)
    workflow = machines.create(WAITS)
    ended = launched(stack, machines, workflow)
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    assert len(machines.states.list_executions(stateMachineArn=workflow)["executions"]) == 1


def test_a_stranger_wakes_a_poller_of_a_stack_that_serves_everybody(
    aws: LocalAws, machines: Machines, unique: str
) -> None:
    stack = deployed(aws, unique)
    known = len(stack.idle_pollers())
    machines.start(machines.create(WAITS))
    eventually(lambda: len(stack.pollers()) > known)
    assert invocations(aws, stack) == 1


def test_a_stranger_wakes_no_poller_of_a_stack_that_knows_whom_it_serves(
    aws: LocalAws, machines: Machines, unique: str
) -> None:
    # GIVEN a stack at rest that serves some
    stack = deployed(aws, unique, ServedWorkflowArns=f"{MACHINES}:stateMachine:{unique}-served*")
    stack.idle_pollers()
    # WHEN a stranger's execution starts, and then one that is served
    machines.start(machines.create(WAITS, "-stranger"))
    job = stack.job("only", stack.job_definition(f"{unique}-true", "true"))
    served = machines.start(stack.machine(machines, job, name="-served"))
    # THEN the second's task is done, and it alone was heard of
    assert machines.ended(served, within_seconds=60)["status"] == "SUCCEEDED"
    assert invocations(aws, stack) == 1


def test_a_stopped_execution_that_is_not_served_leaves_its_jobs_to_the_next_heartbeat(
    aws: LocalAws, machines: Machines, unique: str
) -> None:
    stack = deployed(aws, unique, ServedWorkflowArns=f"{MACHINES}:stateMachine:nobody")
    job = stack.job("only", stack.job_definition(f"{unique}-sleep", "sleep", "600"))
    execution = machines.start(stack.machine(machines, job))
    stack.invoke("EnsurePollers", {})
    job_id = stack.submitted(execution, "only")
    machines.states.stop_execution(executionArn=execution)
    eventually(lambda: stack.invoke("ReconcileTasks", {}) and stack.ended_job(job_id), within_seconds=60)


def invocations(aws: LocalAws, stack: Stack) -> float:
    """How many executions that started the stack has heard of."""
    rule = stack.physical("ExecutionStartedRule").rpartition("|")[2]
    now = datetime.now(UTC)
    found = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Events",
        MetricName="Invocations",
        Dimensions=[{"Name": "RuleName", "Value": rule}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(each["Sum"] for each in found))
