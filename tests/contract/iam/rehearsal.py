"""Runs probes and tells what went wrong and which permissions each has used."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.contract.iam import (
    cohort_probes,
    delivery_probes,
    ending_probes,
    job_probes,
    reconciliation_probes,
    submit_probes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.contract.iam.policies import Grant
    from tests.contract.iam.probe import Probe
    from tests.contract.iam.scene import Scene

PROBES: Final[tuple[Probe, ...]] = (
    *submit_probes.PROBES,
    *ending_probes.PROBES,
    *reconciliation_probes.PROBES,
    *cohort_probes.PROBES,
    *delivery_probes.PROBES,
    *job_probes.PROBES,
)

Decision = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """What a probe has shown.

    Attributes:
        wrong: what went wrong; None if nothing did.
        decisions: what IAM was asked meanwhile.
    """

    wrong: str | None
    decisions: tuple[Decision, ...]

    def used(self, grant: Grant) -> bool:
        """Whether the probe has used a permission."""
        return any(grant.covers(decision) for decision in self.decisions)


def rehearse(scene: Scene, probes: Sequence[Probe] = PROBES) -> dict[str, Seen]:
    """Run probes one after the other; return what each has shown, by its name."""
    return {probe.name: _seen(scene, probe) for probe in probes}


def _seen(scene: Scene, probe: Probe) -> Seen:
    before = _counted(scene.decisions())
    try:
        wrong = probe.run(scene)
    finally:
        scene.tidy()
    added = _counted(scene.decisions()) - before
    return Seen(wrong, tuple(dict(decision) for decision in added))


def _counted(decisions: list[Decision]) -> Counter[tuple[tuple[str, Any], ...]]:
    return Counter(
        {
            tuple((name, value) for name, value in decision.items() if name != "count"): decision["count"]
            for decision in decisions
        }
    )


def users_of(grant: Grant, seen: Mapping[str, Seen]) -> list[Probe]:
    """Return the probes that have used a permission, those that are about its action first."""
    users = [probe for probe in PROBES if seen[probe.name].used(grant)]
    return sorted(users, key=lambda probe: probe.distance(grant.action))
