"""The look at the Activity's metrics, which costs far less than a poll."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sluice.errors import ServiceError

if TYPE_CHECKING:
    from sluice.pollers.ports import ActivityMetrics
    from sluice.ports import Clock, Telemetry

LOOK_MS: Final = 25 * 60_000
"""How far back a look goes: there is one every 15 minutes (template.yaml), and metrics may be late. A task
that was taken meanwhile costs a probe."""


@dataclass(frozen=True)
class Look:
    """Looks whether tasks came that no event announced."""

    metrics: ActivityMetrics
    telemetry: Telemetry
    clock: Clock

    def found_nothing(self) -> bool:
        """True if CloudWatch has counted no task lately; while it cannot say, there may be one."""
        now_ms = self.clock.now_ms()
        try:
            return not self.metrics.tasks_came(now_ms - LOOK_MS, now_ms)
        except ServiceError as error:
            self.telemetry.count("LooksFailed")
            self.telemetry.look_failed(error)
            return False
