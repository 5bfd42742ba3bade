"""What a reconciler's process remembers of its last run, so that not every heartbeat takes a write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REMEMBERED_MS: Final = 150_000
"""A run that begins later after the one before knows nothing of it: two schedules were missed, or other
processes ran meanwhile."""


@dataclass
class LastRun:
    """Up to which claim all open tasks had their heartbeats, as the last run of this process saw to it.

    Whoever remembers it sends every second heartbeat of a task without a claim. Whoever does not, as he is
    new or did not come to the end of the line, claims each task that is due, so that it goes to the end.
    """

    _began_ms: int = 0
    _until_ms: int | None = None

    def recall(self, now_ms: int) -> int | None:
        """Returns what is remembered, and forgets it: a run that fails has seen to nothing."""
        until_ms, self._until_ms = self._until_ms, None
        return until_ms if now_ms - self._began_ms <= REMEMBERED_MS else None

    def keep(self, began_ms: int, until_ms: int) -> None:
        """Remembers that each task that was claimed by `until_ms` has had its heartbeat since."""
        self._began_ms, self._until_ms = began_ms, until_ms
