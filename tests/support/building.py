"""Short ways to build, run and await what the contract tests talk to."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from botocore.exceptions import ClientError

ROLE_ARN = "arn:aws:iam::000000000000:role/test"
STATES_MAY_ASSUME = {
    "Effect": "Allow",
    "Principal": {"Service": "states.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
NEEDS = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]
"""The least that a container has to ask for."""
T = TypeVar("T")


def eventually(probe: Callable[[], T | None], *, within_seconds: float = 60.0) -> T:
    """Return the first true answer of `probe`; fail the test when none comes."""
    deadline = time.monotonic() + within_seconds
    while not (answer := probe()):
        if time.monotonic() > deadline:
            pytest.fail(f"{probe} gave nothing within {within_seconds} s")
        time.sleep(0.02)
    return answer


def make_role(iam: Any) -> None:
    """Make the role that ROLE_ARN names, which has to be there where IAM is enforced; it may do nothing."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": [STATES_MAY_ASSUME]})
    iam.create_role(RoleName=ROLE_ARN.rpartition("/")[2], AssumeRolePolicyDocument=trust)


@dataclass(frozen=True)
class Machines:
    """Makes state machines, runs them and waits for them."""

    states: Any
    name: str

    def create(self, definition: dict[str, Any], suffix: str = "") -> str:
        made = self.states.create_state_machine(
            name=self.name + suffix, definition=json.dumps(definition), roleArn=ROLE_ARN
        )
        return str(made["stateMachineArn"])

    def of_one_task(self, resource: str, **fields: Any) -> str:
        return self.create(
            {
                "StartAt": "Work",
                "States": {"Work": {"Type": "Task", "Resource": resource, "End": True, **fields}},
            }
        )

    def start(self, machine_arn: str, execution_input: Any = None, **fields: Any) -> str:
        text = json.dumps({} if execution_input is None else execution_input)
        return str(
            self.states.start_execution(stateMachineArn=machine_arn, input=text, **fields)["executionArn"]
        )

    def ended(self, execution_arn: str, *, within_seconds: float = 20.0) -> Any:
        """Wait for the end of an execution; return its description."""

        def probe() -> Any:
            described = self.states.describe_execution(executionArn=execution_arn)
            return described if described["status"] != "RUNNING" else None

        return eventually(probe, within_seconds=within_seconds)

    def output(self, machine_arn: str, execution_input: Any = None) -> Any:
        """Run a machine; return the output of an execution that succeeds."""
        described = self.ended(self.start(machine_arn, execution_input))
        assert described["status"] == "SUCCEEDED", described
        return json.loads(described["output"])

    def events(self, execution_arn: str) -> list[str]:
        history = self.states.get_execution_history(executionArn=execution_arn, maxResults=1000)["events"]
        return [event["type"] for event in history]


def zipped(**sources: str) -> bytes:
    """A deployment package: one Python file a keyword."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, source in sources.items():
            archive.writestr(f"{name}.py", source)
    return buffer.getvalue()


@dataclass(frozen=True)
class Functions:
    """Makes Lambda functions and calls them."""

    client: Any
    name: str

    def create(self, source: str, suffix: str = "", **fields: Any) -> str:
        """Deploy `source`, whose handler is `app.handler`; return the function's ARN."""
        made = self.client.create_function(
            FunctionName=self.name + suffix,
            Runtime="python3.13",
            Architectures=["arm64"],
            Role=ROLE_ARN,
            Handler="app.handler",
            Code={"ZipFile": zipped(app=source)},
            **fields,
        )
        return str(made["FunctionArn"])

    def invoke(self, arn: str, event: Any = None) -> tuple[bool, Any]:
        """Return whether the invocation succeeded, and its payload."""
        answer = self.client.invoke(FunctionName=arn, Payload=json.dumps(event))
        return "FunctionError" not in answer, json.loads(answer["Payload"].read())


def refused(call: Callable[[], Any]) -> str:
    """Return the error code with which AWS refuses `call`."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])
