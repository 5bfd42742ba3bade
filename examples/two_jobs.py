"""Somebody else's state machine on Sluice's Activity: two jobs, of which one needs the other.

Runs against Local AWS: start `make local`, then set the environment as it prints it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

STACK = "sluice"
ANY_ROLE = "arn:aws:iam::000000000000:role/any"


def main() -> None:
    """Registers a job definition, makes a state machine, runs it and prints what it got."""
    if "AWS_ENDPOINT_URL" not in os.environ:
        sys.exit("AWS_ENDPOINT_URL is not set: start `make local` and set the environment as it prints it")
    try:
        outputs = stack_outputs()
    except EndpointConnectionError:
        sys.exit(f"{os.environ['AWS_ENDPOINT_URL']} does not answer: start `make local` in another terminal")
    definition = job_definition("echo", ["sh", "-c", "echo hello from Ref::sample"])
    job: dict[str, Any] = {
        "jobQueue": outputs["JobQueueArn"],
        "jobDefinition": definition,
        "parameters": {"sample": "NA06989"},
    }
    jobs = [{"jobName": "align", **job}, {"jobName": "impute", **job, "dependsOn": [{"jobName": "align"}]}]
    print(json.dumps(run(outputs["ActivityArn"], jobs), indent=2))  # noqa: T201 - it is what a person reads


def stack_outputs() -> dict[str, str]:
    """Reads the names of what Sluice's stack has made."""
    config = Config(retries={"total_max_attempts": 1})  # either it is there or it is not
    (stack,) = boto3.client("cloudformation", config=config).describe_stacks(StackName=STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def job_definition(name: str, command: list[str]) -> str:
    """Registers a job definition that runs a command; returns its ARN."""
    resources = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    container: Any = {"image": "any", "command": command, "resourceRequirements": resources}
    made = boto3.client("batch").register_job_definition(
        jobDefinitionName=name, type="container", containerProperties=container
    )
    return made["jobDefinitionArn"]


def run(activity_arn: str, jobs: list[dict[str, Any]]) -> dict[str, Any]:
    """Runs one execution of a state machine that hands the jobs to Sluice; returns how it ended."""
    states = boto3.client("stepfunctions")
    task = {
        "Type": "Task",
        "Resource": activity_arn,
        "Parameters": {"executionArn.$": "$$.Execution.Id", "stateName.$": "$$.State.Name", "jobs": jobs},
        "HeartbeatSeconds": 900,
        "End": True,
    }
    definition = json.dumps({"StartAt": "Two jobs", "States": {"Two jobs": task}})
    name = f"two-jobs-{time.time_ns()}"
    machine = states.create_state_machine(name=name, definition=definition, roleArn=ANY_ROLE)
    execution = states.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
    while (described := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.5)
    output = json.loads(described.get("output", "null"))
    return {key: described.get(key) for key in ("status", "error", "cause")} | {"output": output}


if __name__ == "__main__":
    main()
