"""What goes wrong in a round: troubles alone, several together, and seeded mixtures; pure."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sluice_local.faults.plan import FaultPlan
from tests.chaos.troubles import TROUBLES, Trouble

if TYPE_CHECKING:
    from tests.chaos.troubles import Deed

MOST_TROUBLES: Final = 4
POLLERS: Final = (1, 1, 2, 4)
"""How many pollers a round may have; one is what most people have."""


@dataclass(frozen=True)
class Scenario:
    """The troubles of one round, and how many pollers share the rate."""

    name: str
    seed: int
    troubles: tuple[Trouble, ...] = ()
    pollers: int = 1

    @property
    def plan(self) -> FaultPlan:
        """What Local AWS is told."""
        return FaultPlan(self.seed, tuple(fault for trouble in self.troubles for fault in trouble.faults))

    @property
    def deeds(self) -> frozenset[Deed]:
        """What is done through the API."""
        return frozenset(deed for trouble in self.troubles for deed in trouble.deeds)

    @property
    def costs_tokens(self) -> bool:
        """Whether a state may rightly be tried more than once."""
        return any(trouble.costs_tokens for trouble in self.troubles)

    @property
    def late_seconds(self) -> float:
        """How long after the last job's end an event may still come."""
        events = (fault for fault in self.plan.faults if fault.kind.startswith("event_"))
        return max((fault.seconds or 1.0 for fault in events), default=0.0)


def alone(name: str, *, seed: int = 1, pollers: int = 1) -> Scenario:
    """A round with one trouble, or `quiet` with none.

    Raises:
        KeyError: there is no such trouble.
    """
    by_name = {trouble.name: (trouble,) for trouble in TROUBLES} | {"quiet": ()}
    return Scenario(name, seed, by_name[name], pollers)


def together(name: str, *names: str, seed: int = 1, pollers: int = 1) -> Scenario:
    """A round with several troubles."""
    return Scenario(name, seed, tuple(alone(each).troubles[0] for each in names), pollers)


def drawn(seed: int, number: int) -> Scenario:
    """The round of this number: a mixture of up to four troubles, the same for the same seed and number.

    The first is taken in turn, in an order that the seed decides, so that as many rounds as there are
    troubles meet all of them; the others, when each strikes and the number of pollers are drawn.
    """
    order = random.Random(seed).sample(TROUBLES, len(TROUBLES))
    draw = random.Random(f"{seed}/{number}")
    first = order[(number - 1) % len(order)]
    others = [trouble for trouble in TROUBLES if trouble is not first]
    chosen = (first, *draw.sample(others, draw.randrange(MOST_TROUBLES)))
    troubles = tuple(_varied(trouble, draw) for trouble in _compatible(chosen))
    return Scenario(f"round-{number}", draw.randrange(2**32), troubles, draw.choice(POLLERS))


def _compatible(chosen: tuple[Trouble, ...]) -> tuple[Trouble, ...]:
    """Without those that cannot be at the same time as the first: Batch knows a job for a day at least.

    Nobody looks for a job that long: what becomes of one that is forgotten before its submitter knows its id
    does not happen.
    """
    if not any(trouble.forgets_jobs for trouble in chosen):
        return chosen
    first, *others = chosen
    return (
        first,
        *(each for each in others if not (each.forgets_jobs if first.hides_jobs else each.hides_jobs)),
    )


def _varied(trouble: Trouble, draw: random.Random) -> Trouble:
    """Lets the trouble strike earlier or later; what is for the first opportunity may have no second one."""
    faults = tuple(
        replace(fault, after=draw.randint(1, fault.after + 4)) if fault.after else fault
        for fault in trouble.faults
    )
    return replace(trouble, faults=faults)
