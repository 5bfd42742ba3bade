"""The machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """The time of the machine; implements ports.Clock."""

    def now_us(self) -> int:
        """Microseconds since the epoch."""
        return time.time_ns() // 1000

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Waits; a number below zero does not."""
        time.sleep(max(0.0, seconds))
