"""The project in a folder of its own, in which the genuine SAM CLI works against Local AWS."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sluice_local.deploy import stack_outputs
from sluice_local.stack import OPEN
from tests.e2e.stack.stack import QUICK, Stack
from tools.sam.toolbox import Toolbox, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice_local.server import LocalAws

ROOT = Path(__file__).parents[2]
DEPLOYED = ("template.yaml", "samconfig.toml", "functions", "statemachines", "events", "LICENSE", "README.md")


@dataclass(frozen=True)
class Checkout:
    """A copy of what the SAM CLI reads, and the AWS that it talks to."""

    folder: Path
    toolbox: Toolbox
    aws: LocalAws

    @property
    def build(self) -> Path:
        return self.folder / ".aws-sam" / "build"

    def sam(self, *arguments: str, more_environment: Mapping[str, str] | None = None) -> str:
        """Runs a `sam` command as a person would in this folder; returns what it prints."""
        environment = self.toolbox.environment(self.aws.environment())
        return run(
            self.toolbox.sam_command(*arguments),
            environment={**environment, **(more_environment or {})},
            folder=self.folder,
        )

    def deploy(self, stack_name: str, *options: str, **parameters: str) -> Stack:
        """Runs `sam deploy` with the project's samconfig.toml; returns the stack."""
        given = {"Architecture": self.toolbox.architecture, **OPEN, **QUICK, **parameters}
        overrides = [f"{name}={value}" for name, value in given.items()]
        self.sam(
            "deploy",
            "--no-confirm-changeset",
            "--stack-name",
            stack_name,
            *options,
            "--parameter-overrides",
            *overrides,
        )
        return Stack(self.aws, stack_outputs(self.aws.client("cloudformation"), stack_name), stack_name)

    def delete(self, stack_name: str) -> None:
        """Runs `sam delete`."""
        self.sam("delete", "--no-prompts", "--stack-name", stack_name)

    def resources(self, stack_name: str) -> dict[str, str]:
        """The status of each of a stack's resources, by its logical id."""
        return self._of_resources(stack_name, "ResourceStatus")

    def physical_ids(self, stack_name: str) -> dict[str, str]:
        """The name of each of a stack's resources, by its logical id."""
        return self._of_resources(stack_name, "PhysicalResourceId")

    def _of_resources(self, stack_name: str, field: str) -> dict[str, str]:
        stacks = self.aws.client("cloudformation")
        resources = stacks.describe_stack_resources(StackName=stack_name)["StackResources"]
        return {each["LogicalResourceId"]: each[field] for each in resources}


def copy_project(target: Path) -> None:
    """Copies the files that are deployed, and no cache among them."""
    for name in DEPLOYED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
