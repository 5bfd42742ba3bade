"""State machines that are deleted while executions of them run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.building import ROLE_ARN, eventually, refused

if TYPE_CHECKING:
    from sluice_local.server import LocalAws
    from tests.support.building import Machines


def two_steps(activity_arn: str) -> dict[str, Any]:
    """A machine that waits for a task and has another state to go to then."""
    work = {"Type": "Task", "Resource": activity_arn, "Next": "Done"}
    return {"StartAt": "Work", "States": {"Work": work, "Done": {"Type": "Pass", "End": True}}}


def waiting(machines: Machines, machine: str) -> str:
    """An execution that waits for its task."""
    execution = machines.start(machine)
    eventually(lambda: "ActivityScheduled" in machines.events(execution))
    return execution


def is_gone(states: Any, machine: str) -> bool:
    listed = states.get_paginator("list_state_machines").paginate()
    return machine not in [each["stateMachineArn"] for page in listed for each in page["stateMachines"]]


def test_it_is_deleting_until_its_execution_is_stopped_and_starts_no_other(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    machine = machines.create(two_steps(activity_arn))
    execution = waiting(machines, machine)
    states.delete_state_machine(stateMachineArn=machine)
    assert states.describe_state_machine(stateMachineArn=machine)["status"] == "DELETING"
    assert refused(lambda: states.start_execution(stateMachineArn=machine)) == "StateMachineDeleting"
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    states.stop_execution(executionArn=execution)
    eventually(lambda: is_gone(states, machine))


def test_its_execution_ends_at_the_next_transition(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    machine = machines.create(two_steps(activity_arn))
    waiting(machines, machine)
    task = eventually(lambda: states.get_activity_task(activityArn=activity_arn))
    states.delete_state_machine(stateMachineArn=machine)
    states.send_task_success(taskToken=task["taskToken"], output="{}")
    eventually(lambda: is_gone(states, machine))


def test_one_without_executions_is_gone_at_once_and_twice_is_no_error(
    states: Any, machines: Machines
) -> None:
    machine = machines.create({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    for _ in range(2):
        states.delete_state_machine(stateMachineArn=machine)
    assert is_gone(states, machine)


def test_a_stack_is_deleted_only_when_its_executions_have_ended(
    local_aws: LocalAws, machines: Machines, activity_arn: str, unique: str
) -> None:
    definition = {"RoleArn": ROLE_ARN, "DefinitionString": json.dumps(two_steps(activity_arn))}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": definition}
    template = {"Resources": {"Machine": resource}, "Outputs": {"Arn": {"Value": {"Ref": "Machine"}}}}
    cloudformation = local_aws.client("cloudformation")
    cloudformation.create_stack(StackName=unique, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    (stack,) = cloudformation.describe_stacks(StackName=unique)["Stacks"]
    machine = stack["Outputs"][0]["OutputValue"]
    execution = waiting(machines, machine)
    cloudformation.delete_stack(StackName=unique)

    def status() -> str:
        (found,) = cloudformation.describe_stacks(StackName=stack["StackId"])["Stacks"]
        return str(found["StackStatus"])

    described = machines.states.describe_state_machine
    eventually(lambda: described(stateMachineArn=machine)["status"] == "DELETING")
    assert status() == "DELETE_IN_PROGRESS"
    machines.states.stop_execution(executionArn=execution)
    eventually(lambda: status() == "DELETE_COMPLETE")
