"""Deploys this project's template to a Local AWS."""

from collections.abc import Iterable, Mapping

from sluice_local.demo.project import Project
from sluice_local.deploy import deploy
from sluice_local.packaging import read_template
from sluice_local.server import LocalAws

STACK_NAME = "sluice"


class UnknownParameterError(ValueError):
    """Raised when template.yaml has no parameter of a name."""


def require_parameters(project: Project, names: Iterable[str]) -> None:
    """See that template.yaml has parameters of these names.

    Raises:
        UnknownParameterError: with the names that there are.
    """
    known = read_template(project.file("template.yaml").read_text(encoding="utf-8"))["Parameters"]
    for name in names:
        if name not in known:
            raise UnknownParameterError(f"--parameter {name}: template.yaml has {', '.join(known)}.")


def deploy_stack(project: Project, aws: LocalAws, parameters: Mapping[str, str]) -> dict[str, str]:
    """Deploy template.yaml and return the stack's outputs.

    Raises:
        DeployError: if the stack cannot be made; the message names the resource and its reason.
    """
    return deploy(
        aws.client("cloudformation"),
        aws.client("s3"),
        project.file("template.yaml"),
        stack_name=STACK_NAME,
        parameters=parameters,
    )
