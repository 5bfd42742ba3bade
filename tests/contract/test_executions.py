"""Executions start once, end as AWS documents, and tell EventBridge."""

import json
import time
from typing import Any

import pytest

from sluice.aws.pollers import BotoPollerExecutions
from sluice.pollers.chain import TAKEN_SECONDS, Chain, execution_name
from sluice_local.server import LocalAws
from tests.support.building import Machines, eventually, refused
from tests.support.fakes import FakeClock, MemoryPollerSlots

WAITING = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 30, "End": True}}}
PASSING = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}
FAILING = {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "Some.Error", "Cause": "why"}}}


def test_starting_a_running_execution_again_gives_the_same_one(machines: Machines) -> None:
    machine = machines.create(WAITING)
    assert machines.start(machine, 1, name="again") == machines.start(machine, 1, name="again")


def test_a_name_with_another_input_or_of_an_ended_execution_is_refused(machines: Machines) -> None:
    machine = machines.create(PASSING)
    machines.ended(machines.start(machine, 1, name="once"))
    assert refused(lambda: machines.start(machine, 1, name="once")) == "ExecutionAlreadyExists"
    waiting = machines.create(WAITING, "-waiting")
    machines.start(waiting, 1, name="once")
    assert refused(lambda: machines.start(waiting, 2, name="once")) == "ExecutionAlreadyExists"


def remade(machines: Machines, states: Any, machine: str, definition: dict[str, Any]) -> None:
    """A stack is deleted and made again: its state machine has the ARN that it had."""
    states.delete_state_machine(stateMachineArn=machine)
    assert machines.create(definition) == machine


def test_the_names_of_a_deleted_state_machine_stay_taken_and_its_executions_are_gone(
    machines: Machines, states: Any
) -> None:
    machine = machines.create(PASSING)
    execution = machines.start(machine, name="once")
    machines.ended(execution)
    remade(machines, states, machine, PASSING)
    assert refused(lambda: machines.start(machine, name="once")) == "ExecutionAlreadyExists"
    assert refused(lambda: states.describe_execution(executionArn=execution)) == "ExecutionDoesNotExist"
    machines.ended(machines.start(machine, name="twice"))


def test_a_poller_starts_though_an_older_stack_used_the_names_of_its_chain(
    machines: Machines, states: Any
) -> None:
    machine = machines.create(PASSING)
    executions, clock = BotoPollerExecutions(states, machine), FakeClock()
    for number in range(3):
        executions.start(execution_name(0, number), {})
        machines.ended(f"{machine.replace(':stateMachine:', ':execution:')}:slot-0-{number}")
    remade(machines, states, machine, WAITING)
    chain = Chain(MemoryPollerSlots(), executions, clock)
    # for a minute it may be that somebody has started slot-0-0 just now
    assert not chain.ensure(0, probe=False)
    clock.sleep(TAKEN_SECONDS)
    assert chain.ensure(0, probe=False)
    assert executions.status("slot-0-3") == "RUNNING"
    assert not chain.ensure(0, probe=False)


def test_a_state_machine_s_timeout_ends_the_execution_and_its_open_token(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    task = {"Type": "Task", "Resource": activity_arn, "Retry": [{"ErrorEquals": ["States.ALL"]}], "End": True}
    execution = machines.start(
        machines.create({"TimeoutSeconds": 1, "StartAt": "Work", "States": {"Work": task}})
    )
    token = states.get_activity_task(activityArn=activity_arn)["taskToken"]
    assert machines.ended(execution)["status"] == "TIMED_OUT"
    assert machines.events(execution)[-1] == "ExecutionTimedOut"
    assert refused(lambda: states.send_task_success(taskToken=token, output="{}")) == "TaskTimedOut"


def test_a_stopped_execution_stays_aborted(states: Any, machines: Machines) -> None:
    execution = machines.start(machines.create(WAITING))
    states.stop_execution(executionArn=execution, error="Test.Stop", cause="enough")
    described = machines.ended(execution)
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Test.Stop", "enough")
    assert machines.events(execution)[-1] == "ExecutionAborted"


@pytest.fixture
def status_events(local_aws: LocalAws, unique: str) -> Any:
    """Receives the execution status events of this test's state machines."""
    events, sqs = local_aws.client("events"), local_aws.client("sqs")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    machines = [{"prefix": f"arn:aws:states:us-east-1:000000000000:stateMachine:{unique}"}]
    pattern = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": machines},
    }
    events.put_rule(Name=unique, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=unique, Targets=[{"Id": "queue", "Arn": arn}])
    seen: list[dict[str, Any]] = []

    def receive(count: int) -> list[dict[str, Any]]:
        def probe() -> list[dict[str, Any]] | None:
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                seen.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return seen if len(seen) >= count else None

        return eventually(probe)

    return receive


def test_every_status_change_is_an_event_in_aws_s_shape(
    states: Any, machines: Machines, status_events: Any
) -> None:
    succeeded = machines.start(machines.create(PASSING, "-pass"), {"x": 1})
    failed = machines.start(machines.create(FAILING, "-fail"))
    aborted = machines.start(machines.create(WAITING, "-stop"))
    timed_out = machines.start(machines.create({**WAITING, "TimeoutSeconds": 1}, "-time"))
    states.stop_execution(executionArn=aborted)
    events = status_events(8)
    of = {(event["detail"]["executionArn"], event["detail"]["status"]): event for event in events}
    ends = {succeeded: "SUCCEEDED", failed: "FAILED", aborted: "ABORTED", timed_out: "TIMED_OUT"}
    assert of.keys() == {(arn, status) for arn, end in ends.items() for status in ("RUNNING", end)}
    event = of[succeeded, "SUCCEEDED"]
    assert (event["source"], event["resources"], event["region"]) == ("aws.states", [succeeded], "us-east-1")
    assert json.loads(event["detail"]["input"]) == json.loads(event["detail"]["output"]) == {"x": 1}
    assert event["detail"]["stopDate"] >= event["detail"]["startDate"] > 1_600_000_000_000
    assert of[failed, "FAILED"]["detail"]["error"] == "Some.Error"


@pytest.mark.parametrize(
    "definition",
    [
        {"States": {}},
        {"StartAt": "Gone", "States": {"Pass": {"Type": "Pass", "End": True}}},
        {"StartAt": "A", "States": {"A": {"Type": "Tsk", "End": True}}},
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Gone"}}},
        {
            "StartAt": "A",
            "QueryLanguage": "JSONata",
            "States": {"A": {"Type": "Pass", "Output": "{% ( %}", "End": True}},
        },
    ],
)
def test_an_invalid_definition_is_refused(machines: Machines, definition: dict[str, Any]) -> None:
    assert refused(lambda: machines.create(definition)) == "InvalidDefinition"


@pytest.mark.parametrize(
    ("resource", "error"),
    [
        ("arn:aws:states:::aws-sdk:sfn:startExecution", "Sfn.ExecutionAlreadyExistsException"),
        ("arn:aws:states:::states:startExecution", "StepFunctions.ExecutionAlreadyExistsException"),
    ],
)
def test_a_refused_nested_start_has_aws_s_error_name(machines: Machines, resource: str, error: str) -> None:
    started = machines.create(PASSING, "-started")
    machines.ended(machines.start(started, name="taken"))
    arguments = {"StateMachineArn": started, "Name": "taken", "Input": "{}"}
    described = machines.ended(machines.start(machines.of_one_task(resource, Parameters=arguments)))
    assert described["error"] == error


def test_a_nested_start_starts_an_execution(machines: Machines) -> None:
    started = machines.create(PASSING, "-started")
    arguments = {"StateMachineArn": started, "Name": "next", "Input": '{"round": 2}'}
    resource = "arn:aws:states:::aws-sdk:sfn:startExecution"
    output = machines.output(machines.of_one_task(resource, Parameters=arguments))
    assert machines.ended(output["ExecutionArn"])["input"] == '{"round": 2}'


def test_no_task_begins_after_the_execution_was_stopped(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    branches = [
        {
            "StartAt": f"Wait {n}",
            "States": {
                f"Wait {n}": {"Type": "Wait", "Seconds": 1, "Next": f"Work {n}"},
                f"Work {n}": {"Type": "Task", "Resource": activity_arn, "End": True},
            },
        }
        for n in range(2)
    ]
    parallel = {"Type": "Parallel", "Branches": branches, "End": True}
    execution = machines.start(machines.create({"StartAt": "Both", "States": {"Both": parallel}}))
    states.stop_execution(executionArn=execution)
    time.sleep(1.2)  # both branches' Wait states end: what is shown is that nothing happens then
    assert "taskToken" not in states.get_activity_task(activityArn=activity_arn)
    assert machines.ended(execution)["status"] == "ABORTED"
