"""Deploys this project's template to a Local AWS."""

from collections.abc import Mapping

from sluice_local.demo.project import project_file
from sluice_local.deploy import deploy
from sluice_local.server import LocalAws

STACK_NAME = "sluice"


def deploy_stack(aws: LocalAws, parameters: Mapping[str, str]) -> dict[str, str]:
    """Deploy template.yaml and return the stack's outputs.

    Raises:
        DeployError: if the stack cannot be made; the message names the resource and its reason.
    """
    return deploy(
        aws.client("cloudformation"),
        aws.client("s3"),
        project_file("template.yaml"),
        stack_name=STACK_NAME,
        parameters=parameters,
    )
