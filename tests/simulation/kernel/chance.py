"""Everything that a seed decides: each decision by itself, so that one can be switched off alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

UNIT = 2.0**-32
FOUR_NUMBERS = Struct(">4I")

Place = tuple[str, int]
"""Where a decision is taken: the operation, and which of its calls it is, counted from 0."""


class Draw(NamedTuple):
    """Four numbers from 0 up to 1, made of the seed and the place alone."""

    place: Place
    fate: float
    pace: float
    size: float
    side: float

    def between(self, least: float, most: float) -> float:
        """A number between two, by `size`."""
        return least + (most - least) * self.size


@dataclass
class Chance:
    """Draws by hash(seed, operation, n).

    Attributes:
        seed: of the round.
        off: the places at which nothing bad happens, whatever the seed says.
        only: if given, the only places at which something bad may happen.
        taken: where something bad did happen, in order, with a few words.
    """

    seed: str
    off: frozenset[Place] = frozenset()
    only: frozenset[Place] | None = None
    taken: list[tuple[Place, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def draw(self, operation: str) -> Draw:
        """The next draw for an operation."""
        number = self.counts[operation]
        self.counts[operation] = number + 1
        return self.at(operation, number)

    def at(self, operation: str, number: int) -> Draw:
        """The draw for a certain place."""
        text = f"{self.seed}/{operation}/{number}"
        digest = hashlib.blake2b(text.encode(), digest_size=FOUR_NUMBERS.size).digest()
        side, size, pace, fate = FOUR_NUMBERS.unpack(digest)
        return Draw((operation, number), fate * UNIT, pace * UNIT, size * UNIT, side * UNIT)

    def happens(self, draw: Draw, rate: float, what: str) -> bool:
        """Whether something bad of this rate happens here; what does is noted, and can be switched off."""
        if draw.fate >= rate or not self.allowed(draw.place):
            return False
        self.taken.append((draw.place, what))
        return True

    def allowed(self, place: Place) -> bool:
        """False where it was switched off."""
        return place not in self.off and (self.only is None or place in self.only)

    def choice(self, name: str, options: Sequence[float]) -> float:
        """One of the options, the same whenever it is asked for by this name."""
        return options[int(self.at(name, 0).size * len(options))]
