"""What the services of every function are made of."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from sluice.runtime.clock import SystemClock
from sluice.runtime.settings import read_settings
from sluice.runtime.telemetry import LambdaTelemetry

if TYPE_CHECKING:
    from sluice.runtime.settings import Settings


class Wiring:
    """The settings, the clock and the telemetry of one function, shared by all of its invocations.

    What a kind of function needs beyond them is a cached property of a subclass, made when it is first used.
    """

    def __init__(self, settings: Settings) -> None:
        """Nothing is connected until it is used."""
        self.settings = settings
        self.telemetry = LambdaTelemetry()
        self.clock = SystemClock()

    @classmethod
    def from_environment(cls) -> Self:
        """Wires the services as the function's environment says; raises InvalidSettingError."""
        return cls(read_settings(os.environ))
