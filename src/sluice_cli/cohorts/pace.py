"""How fast a cohort gets on, and when it will be done at that rate; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WINDOW_MS: Final = 300_000
"""A rate is that of the last five minutes: long enough for jobs that end in waves."""


@dataclass(frozen=True)
class Pace:
    """How many samples had ended at which times, oldest first: (ms since the epoch, samples)."""

    seen: tuple[tuple[int, int], ...] = ()

    def at(self, now_ms: int, ended: int) -> Pace:
        """Adds a look; of those before the window one is kept."""
        recent = [each for each in self.seen if each[0] >= now_ms - WINDOW_MS]
        before = [each for each in self.seen if each[0] < now_ms - WINDOW_MS]
        return Pace((*before[-1:], *recent, (now_ms, ended)))

    @property
    def rate_per_second(self) -> float | None:
        """Samples that ended a second; None before any has, or where a retry turned the count back."""
        if len(self.seen) < 2:
            return None
        (began_ms, had_ended), (now_ms, ended) = self.seen[0], self.seen[-1]
        if ended <= had_ended or now_ms <= began_ms:
            return None
        return (ended - had_ended) * 1000 / (now_ms - began_ms)

    def seconds_left(self, samples: int) -> float | None:
        """How long so many more samples take at this rate; None if there is no rate yet."""
        rate = self.rate_per_second
        return samples / rate if rate else None
