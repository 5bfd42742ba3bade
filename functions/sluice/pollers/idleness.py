"""Whether a poller goes on after a round, or goes to rest until there is work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sluice.pollers.chain import empty_rounds_allowed

if TYPE_CHECKING:
    from sluice.pollers.pool import Outcome
    from sluice.pollers.ports import PollerSlots
    from sluice.pollers.request import PollerRound
    from sluice.runtime.settings import Settings

WAKE_MS: Final = 10_000
"""A wake-up this long before a round is counted with it: in between, the poller was started for it."""


@dataclass(frozen=True)
class Verdict:
    """What the state machine is told: the poller ends if `empty_rounds` reaches `allowed`; None is never."""

    empty_rounds: int
    allowed: int | None


RESTING: Final = Verdict(empty_rounds=0, allowed=0)
"""That of a poller which must not go on."""


@dataclass(frozen=True)
class Idleness:
    """Lets no poller rest that has reason to think that tasks are waiting.

    Such a reason is a task that came, a poll of which nobody knows what became, or a wake-up since the round
    began. The last is settled in one place, the slot's item: whoever wakes the pollers notes it there first,
    and a poller goes to rest by a write that such a note refuses. So either it sees the wake-up, or who wakes
    it sees that it rests, and starts the next one.
    """

    slots: PollerSlots
    settings: Settings

    def rests(self, asked: PollerRound) -> bool:
        """True if this execution, or one after it, went to rest before: its place may be taken."""
        if asked.number is None:
            return False
        resting = self.slots.read(asked.slot).resting
        return resting is not None and asked.number <= resting

    def after(self, asked: PollerRound, outcome: Outcome, began_ms: int) -> Verdict:
        """Says how to go on after a round.

        Args:
            asked: the round.
            outcome: what it did.
            began_ms: when it began, in ms since the epoch.
        """
        allowed = empty_rounds_allowed(self.settings, asked.slot, probe=asked.probe)
        empty_rounds = asked.empty_rounds + 1 if outcome.is_empty else 0
        if not allowed or empty_rounds < allowed or asked.number is None:
            return Verdict(empty_rounds, allowed)
        may_rest = self.slots.rest(asked.slot, asked.number, since_ms=began_ms - WAKE_MS)
        return Verdict(empty_rounds if may_rest else 0, allowed)
