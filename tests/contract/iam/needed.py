"""Takes each permission of the template away and shows what no longer works.

Run it as `python -m tests.contract.iam.needed`. The stack is deployed once on a Local AWS of its own.
Policies are changed in place, and each time the smallest probe that has used the permission is run.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.contract.iam.only_on_aws import ONLY_ON_AWS, reason
from tests.contract.iam.policies import grants, without
from tests.contract.iam.rehearsal import rehearse, users_of
from tests.contract.iam.scene import enforced_scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.contract.iam.policies import Grant, Policy
    from tests.contract.iam.probe import Probe
    from tests.contract.iam.rehearsal import Seen
    from tests.contract.iam.scene import Scene

NOTHING = "NOTHING"


@dataclass(frozen=True)
class Row:
    """One permission, and what fails without it."""

    holder: str
    action: str
    resource: str
    fails: str

    def line(self) -> str:
        """The row of a Markdown table."""
        return f"| {self.holder} | {self.action} | {self.resource} | {self.fails} |"


HEAD = Row("role or policy", "action", "resource", "what fails without it")


def main() -> int:
    """Print the table; return 1 if nothing fails without one of the permissions."""
    with LocalAws(LocalSettings(activity_poll_seconds=0.5, enforce_iam=True)) as aws:
        scene = enforced_scene(aws)
        seen = rehearse(scene)
        broken = {name: each.wrong for name, each in seen.items() if each.wrong}
        if broken:
            sys.exit(f"With all permissions in place: {broken}")
        _print(f"{HEAD.line()}\n|---|---|---|---|")
        needless = [row for row in _rows(scene, seen) if row.fails == NOTHING]
    _print("\nOnly AWS itself can use:")
    for (holder, actions), why in ONLY_ON_AWS.items():
        _print(f"* {holder}, {actions}*: {why}")
    return 1 if needless else 0


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _rows(scene: Scene, seen: Mapping[str, Seen]) -> Iterator[Row]:
    """Try each permission and print its row."""
    for policy in scene.policies:
        for grant in grants(policy):
            # of what the stack was given to use, a probe uses some
            spare = grant.resource in scene.bounds and not users_of(grant, seen)
            if not spare and not reason(grant.holder, grant.action):
                fails = _fails_without(scene, policy, grant, users_of(grant, seen)) or NOTHING
                row = Row(grant.holder, grant.action, _short(scene, grant.resource), fails)
                _print(row.line())
                yield row


def _fails_without(scene: Scene, policy: Policy, grant: Grant, probes: list[Probe]) -> str | None:
    """Run probes without a permission until something goes wrong."""
    before = policy.read()
    policy.write(without(policy, grant))
    try:
        return next((wrong for probe in probes if (wrong := _run(scene, probe))), None)
    finally:
        policy.write(json.dumps(before))


def _run(scene: Scene, probe: Probe) -> str | None:
    """Run a probe; name what fails and where it was seen."""
    try:
        wrong = probe.run(scene)
    finally:
        scene.tidy()
    return f"{probe.name}: {wrong}" if wrong else None


def _short(scene: Scene, resource: str) -> str:
    """Name a resource by its logical id, without the account and the Region that are the same for all."""
    name = resource.split(":", 5)[-1]
    for logical_id, (kind, physical) in scene.resources.items():
        if kind != "AWS::Batch::JobDefinition":  # granted by pattern, and its ARN ends with a bare revision
            name = name.replace(re.split("[/:]", physical)[-1], logical_id)
    return name


if __name__ == "__main__":
    sys.exit(main())
