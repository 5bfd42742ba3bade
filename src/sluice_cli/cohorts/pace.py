"""How fast a cohort gets on, and when it will be done at that rate; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WINDOW_MS: Final = 300_000
"""A rate is that of the last five minutes: long enough for jobs that end in waves."""

FEW: Final = 3
"""So many samples are stragglers rather than a stream."""


@dataclass(frozen=True)
class Pace:
    """How many samples had ended at which times, oldest first: (ms since the epoch, samples).

    `last_end_ms` is about when the last of them ended; None before any has.
    """

    seen: tuple[tuple[int, int], ...] = ()
    last_end_ms: int | None = None

    def at(self, now_ms: int, ended: int) -> Pace:
        """Adds a look; of those before the window one is kept."""
        recent = [each for each in self.seen if each[0] >= now_ms - WINDOW_MS]
        before = [each for each in self.seen if each[0] < now_ms - WINDOW_MS]
        has_ended = bool(self.seen) and ended > self.seen[-1][1]
        last_end_ms = now_ms if has_ended else self.last_end_ms
        return Pace((*before[-1:], *recent, (now_ms, ended)), last_end_ms)

    @property
    def quiet_seconds(self) -> float | None:
        """For how long no sample has ended; None before any has."""
        return None if self.last_end_ms is None else (self.seen[-1][0] - self.last_end_ms) / 1000

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
        """How long so many more samples take at this rate.

        None if there is no rate yet, and where it says nothing: of the last few samples, which take as long
        as each of them takes, and after that time has gone by without an end.
        """
        rate = self.rate_per_second
        if not rate or samples <= FEW:
            return None
        seconds = samples / rate
        return seconds if (self.quiet_seconds or 0) <= seconds else None
