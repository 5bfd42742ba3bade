"""A role is of use only to the service that it trusts, and a job without a role has no credentials."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.building import Functions, eventually

if TYPE_CHECKING:
    from tests.contract.iam.scene import Scene


def test_a_function_whose_role_does_not_trust_lambda_does_not_run(scene: Scene, unique: str) -> None:
    # the role of these functions trusts Step Functions only
    functions = Functions(scene.aws.client("lambda"), unique)
    arn = functions.create("def handler(event, context): return 1")
    succeeded, answer = functions.invoke(arn)
    assert not succeeded
    assert "cannot be assumed by Lambda" in json.dumps(answer)


def test_a_state_machine_whose_role_does_not_trust_step_functions_calls_nothing(
    scene: Scene, unique: str
) -> None:
    states = scene.stack.states
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": scene.physical("CancelJobsFunction"), "Payload": {}},
        "End": True,
    }
    role = f"arn:aws:iam::000000000000:role/{scene.physical('SubmitJobsRole')}"
    machine = states.create_state_machine(
        name=unique, definition=json.dumps({"StartAt": "Call", "States": {"Call": call}}), roleArn=role
    )["stateMachineArn"]
    machines = scene.machines()
    described = machines.ended(machines.start(machine))
    assert described["error"] == "Lambda.AWSLambdaException"
    assert "states.amazonaws.com is not authorized to assume the role" in described["cause"]


def test_a_job_without_a_role_has_no_credentials(scene: Scene) -> None:
    definition = scene.stack.job_definition("no-role", "sh", "-c", 'test -z "$AWS_ACCESS_KEY_ID"')
    job_id = scene.stack.batch.submit_job(
        jobName="no-role", jobQueue=scene.stack.outputs["JobQueueArn"], jobDefinition=definition
    )["jobId"]
    assert eventually(lambda: scene.stack.ended_job(job_id))["status"] == "SUCCEEDED"
