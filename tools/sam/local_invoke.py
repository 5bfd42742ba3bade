"""`sam local invoke` of one function against a Local AWS on this machine.

`python -m tools.sam.local_invoke --help` says how.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import EndpointConnectionError

from sluice_local.server import client_environment
from sluice_local.settings import REGION
from tools.sam.forwarder import Forwarder
from tools.sam.toolbox import NotSetUpError, Toolbox, ToolError, prepared_toolbox, run


@dataclass(frozen=True)
class LocalRun:
    """All that `sam local` needs to run the functions of a stack of a Local AWS.

    Attributes:
        toolbox: the SAM CLI and the engine.
        image: the runtime image that knows the way to Local AWS.
        variables: file with the functions' environment variables, as the stack has them.
        environment: variables to run `sam` with.
    """

    toolbox: Toolbox
    image: str
    variables: Path
    environment: dict[str, str]

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of `sam local ...`."""
        return self.toolbox.sam_command(
            "local",
            *arguments,
            "--skip-pull-image",
            "--invoke-image",
            self.image,
            "--env-vars",
            str(self.variables),
            "--parameter-overrides",
            self.toolbox.architecture_parameter,
        )


@contextmanager
def local_run(toolbox: Toolbox, endpoint: str, stack_name: str) -> Iterator[LocalRun]:
    """Prepare for `sam local` with the stack of the Local AWS at `endpoint`, until the block ends."""
    aws = client_environment(endpoint)
    with ExitStack() as open_until_end:
        port = urlsplit(endpoint).port
        assert port is not None
        forwarder = open_until_end.enter_context(Forwarder(toolbox.container_gateway(), port))
        image = open_until_end.enter_context(toolbox.image_for(forwarder.endpoint))
        folder = open_until_end.enter_context(tempfile.TemporaryDirectory(prefix="sam-local-"))
        variables = Path(folder, "variables.json")
        variables.write_text(json.dumps(function_variables(endpoint, stack_name)), encoding="utf-8")
        yield LocalRun(toolbox, image, variables, toolbox.environment(aws))


def function_variables(endpoint: str, stack_name: str) -> dict[str, dict[str, str]]:
    """Read the environment variables of a stack's functions, by their logical ids."""
    functions, stacks = _client("lambda", endpoint), _client("cloudformation", endpoint)
    resources = stacks.describe_stack_resources(StackName=stack_name)["StackResources"]
    return {
        each["LogicalResourceId"]: functions.get_function_configuration(
            FunctionName=each["PhysicalResourceId"]
        )["Environment"]["Variables"]
        for each in resources
        if each["ResourceType"] == "AWS::Lambda::Function"
    }


def main() -> int:
    """Invoke the function that the arguments name; the SAM CLI's own output is what a person sees."""
    arguments = _parser().parse_args()
    try:
        toolbox = prepared_toolbox()
        run(toolbox.build_command(), environment=toolbox.environment({}))
        with local_run(toolbox, arguments.endpoint, arguments.stack) as prepared:
            command = prepared.command("invoke", arguments.function, "--event", str(arguments.event))
            return subprocess.run(command, env=prepared.environment, check=False).returncode  # noqa: S603 - sam
    except (NotSetUpError, ToolError, EndpointConnectionError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.sam.local_invoke",
        description="Runs one function in Lambda's runtime image by `sam local invoke`, with `make local`.",
    )
    parser.add_argument("function", help="logical id, such as EnsurePollersFunction")
    parser.add_argument("event", type=Path, help="file with the event, such as events/ensure_pollers.json")
    parser.add_argument("--endpoint", default="http://127.0.0.1:4566", help="Local AWS (%(default)s)")
    parser.add_argument("--stack", default="sluice", help="name of the deployed stack (%(default)s)")
    return parser


def _client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload] # the name is not known to the type checker
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - Local AWS's administrator
    )


if __name__ == "__main__":
    sys.exit(main())
