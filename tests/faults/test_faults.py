"""The short chaos set: every kind of fault strikes a cohort, and every invariant holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.rounds import play
from tests.faults.scenarios import Scenario, alone

if TYPE_CHECKING:
    from tests.faults.rig import Rig

SCENARIOS = (alone("quiet"),)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_invariant_holds(rig: Rig, scenario: Scenario) -> None:
    played = play(rig, scenario, scenario.name)
    assert not played.broken
    kinds = {fault.kind.value for fault in scenario.plan.faults}
    assert kinds <= played.injections.keys(), "a fault of the scenario never struck"
