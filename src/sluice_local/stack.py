"""A checkout of the project, and its template deployed to a Local AWS."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sluice_local.deploy import deploy
from sluice_local.errors import LocalError
from sluice_local.packaging import read_template
from sluice_local.quotas import Quota
from sluice_local.server import LocalAws

_INSTALLED_FROM = Path(__file__).resolve().parents[2]
_NEEDED = ("template.yaml", "functions/requirements.txt", "demo/data/chr20/panel.bcf")
STACK_NAME = "sluice"

NETWORK = {"SubnetIds": "subnet-00000001", "SecurityGroupIds": "sg-00000001"}
"""Parameters that the template asks for; no job here looks for its network."""

OPEN = {"JobDefinitionArns": "*", "WorkflowArns": "*"}
"""Whoever calls Local AWS is its only user, and brings job definitions and workflows of his own."""

RATE_WITHIN_QUOTA = 0.98
"""Sluice's share of the quota, as template.yaml has it: 49 of 50 calls a second."""
BURST_MAX = 10
THREADS_OF_BUCKET = 32 / 50
"""Poller threads by calls of the bucket, as template.yaml has it: after a stall all may call at once."""


class NotACheckoutError(LocalError):
    """Raised when a folder does not hold the project's files."""


@dataclass(frozen=True)
class Project:
    """A checkout of Sluice.

    Attributes:
        folder: the one with `template.yaml`.
    """

    folder: Path

    def file(self, name: str) -> Path:
        """Return the path of a file, such as `template.yaml`.

        Raises:
            NotACheckoutError: it is not there.
        """
        path = self.folder / name
        if not path.is_file():
            raise NotACheckoutError(
                f"{path} does not exist: give a checkout of Sluice with --project, or run this in one."
            )
        return path


def find_project(named: Path | None = None) -> Project:
    """Return the checkout that is named, else the one that this code runs from, else the current folder.

    Raises:
        NotACheckoutError: there is none.
    """
    from_checkout = (_INSTALLED_FROM / _NEEDED[0]).is_file()
    project = Project(named or (_INSTALLED_FROM if from_checkout else Path.cwd()))
    for name in _NEEDED:
        project.file(name)
    return project


class UnknownParameterError(LocalError):
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

    If nothing else is given, it is in a made-up network, and may use every job definition and workflow.

    Raises:
        DeployError: if the stack cannot be made; the message names the resource and its reason.
    """
    return deploy(
        aws.client("cloudformation"),
        aws.client("s3"),
        project.file("template.yaml"),
        stack_name=STACK_NAME,
        parameters={**NETWORK, **OPEN, **parameters},
    )


def stack_parameters(quota: Quota) -> dict[str, str]:
    """Choose the stack's parameters so that Sluice stays within a quota of SubmitJob."""
    burst = int(max(1, min(BURST_MAX, quota.bucket_size / 2)))
    rate = round(max(0.1, RATE_WITHIN_QUOTA * quota.refill_per_second), 3)
    threads = int(max(1, min(200, THREADS_OF_BUCKET * quota.bucket_size)))
    return {"SubmitRatePerSecond": f"{rate:g}", "SubmitBurst": str(burst), "PollerThreads": str(threads)}
