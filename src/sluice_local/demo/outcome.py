"""What one run of the demo gave."""

from collections.abc import Mapping
from dataclasses import dataclass

from sluice_local.demo.failures import Failure
from sluice_local.demo.settings import DemoSettings
from sluice_local.demo.snapshot import Observation
from sluice_local.lowpass.accuracy import CohortAccuracy


@dataclass(frozen=True)
class Run:
    """All that one run of the demo gave.

    Attributes:
        settings: as the person gave them.
        seen: the last observation.
        accuracy: of the samples that succeeded.
        failures: of those that did not.
        started_at_ms: when the first execution was started, milliseconds since the epoch.
        seconds_by_step: how long each step took.
        wall_seconds: from the start of the command until all was known.
        sluice_version: the version that ran.
        machine: what it ran on.
    """

    settings: DemoSettings
    seen: Observation
    accuracy: CohortAccuracy
    failures: tuple[Failure, ...]
    started_at_ms: int
    seconds_by_step: Mapping[str, float]
    wall_seconds: float
    sluice_version: str
    machine: str
