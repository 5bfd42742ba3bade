"""Which fault strikes when: chances that depend on the plan alone, counts, and windows of time."""

import hashlib
import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from sluice_local.faults.plan import STORM_KINDS, Fault, FaultKind, FaultPlan

_CHANCE_BYTES = 6  # as many as a float holds exactly
_STRIKES_SHOWN = 10_000


@dataclass(frozen=True)
class Opportunity:
    """Something that a fault may happen to.

    Attributes:
        names: what a fault's target may call it.
        subject: what it is to a person who reads the page `faults`; never a secret.
        caller: the name of the function that calls, None if none does.
    """

    names: tuple[str, ...]
    subject: str
    caller: str | None = None


@dataclass(frozen=True)
class Tally:
    """What has become of one fault so far: its opportunities, its injections, when the first one was."""

    opportunities: int = 0
    injections: int = 0
    first_at_seconds: float | None = None


def matches(fault: Fault, opportunity: Opportunity) -> bool:
    """Tell whether an opportunity is one of this fault's."""
    if fault.caller is not None and not _is_function(fault.caller, opportunity.caller):
        return False
    return any(fnmatchcase(name, fault.target) for name in opportunity.names)


def function_names(name: str) -> tuple[str, ...]:
    """Return what a target may call a function: its name, or the logical id in `<stack>-<id>-<suffix>`."""
    return (name, *name.split("-"))


def _is_function(wanted: str, caller: str | None) -> bool:
    return caller is not None and any(fnmatchcase(name, wanted) for name in function_names(caller))


def chance(seed: int, index: int, opportunity: int) -> float:
    """Return the draw, from 0 up to but not including 1, of a fault's n-th opportunity.

    Args:
        seed: of the plan.
        index: of the fault in the plan.
        opportunity: how many of the fault's opportunities came before.
    """
    digest = hashlib.sha256(f"{seed}/{index}/{opportunity}".encode()).digest()
    return int.from_bytes(digest[:_CHANCE_BYTES]) / 256.0**_CHANCE_BYTES


def strikes(fault: Fault, tally: Tally, *, draw: float, now_seconds: float) -> bool:
    """Tell whether a fault strikes at its next opportunity.

    Args:
        fault: one whose opportunity this is.
        tally: of the fault before this opportunity.
        draw: of this opportunity, see `chance`.
        now_seconds: on the clock of `tally.first_at_seconds`.
    """
    if tally.opportunities < fault.after:
        return False
    if fault.count is not None and tally.injections >= fault.count:
        return False
    if fault.kind in STORM_KINDS and fault.seconds and tally.first_at_seconds is not None:
        over = now_seconds - tally.first_at_seconds >= fault.seconds
        return not over and draw < fault.probability
    return draw < fault.probability


@dataclass(frozen=True)
class Strike:
    """One injection: the fault's kind and target, what it happened to, and when (seconds since the epoch)."""

    kind: FaultKind
    target: str
    subject: str
    at_seconds: float


class FaultsInForce:
    """The plan that is in force, if any, and what it has done; safe on any thread.

    Args:
        wall: seconds since the epoch.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        self._heal_listeners: list[Callable[[], None]] = []
        self._plan: FaultPlan | None = None
        self._tallies: list[Tally] = []
        self._injected: Counter[tuple[FaultKind, str]] = Counter()
        self._strikes: deque[Strike] = deque(maxlen=_STRIKES_SHOWN)

    @property
    def active(self) -> bool:
        """Whether there is a plan; if not, nobody needs to look for opportunities."""
        return self._plan is not None

    def inject(self, plan: FaultPlan) -> None:
        """Put a plan in the place of the present one; its counts begin at 0."""
        self.end()
        with self._lock:
            self._tallies = [Tally() for _ in plan.faults]
            self._injected.clear()
            self._strikes.clear()
            self._plan = plan

    def end(self) -> None:
        """End the plan. Its counts stay until the next one."""
        with self._lock:
            self._plan = None
        for listener in tuple(self._heal_listeners):
            listener()

    def on_heal(self, listener: Callable[[], None]) -> None:
        """Have `listener` called each time a plan ends."""
        self._heal_listeners.append(listener)

    def draw(self, kinds: Collection[FaultKind], opportunity: Opportunity) -> Fault | None:
        """Return the fault of one of these kinds that strikes now, None if none does.

        Every fault that the opportunity belongs to counts it; the first that strikes is injected.
        """
        with self._lock:
            plan, now_seconds = self._plan, self._wall()
            if plan is None:
                return None
            struck = [
                index
                for index, fault in enumerate(plan.faults)
                if fault.kind in kinds and matches(fault, opportunity) and self._pass(index, now_seconds)
            ]
            return self._strike(struck[0], opportunity, now_seconds) if struck else None

    def _pass(self, index: int, now_seconds: float) -> bool:
        assert self._plan is not None
        fault, tally = self._plan.faults[index], self._tallies[index]
        draw = chance(self._plan.seed, index, tally.opportunities)
        self._tallies[index] = replace(tally, opportunities=tally.opportunities + 1)
        return strikes(fault, tally, draw=draw, now_seconds=now_seconds)

    def _strike(self, index: int, opportunity: Opportunity, now_seconds: float) -> Fault:
        assert self._plan is not None
        fault, tally = self._plan.faults[index], self._tallies[index]
        first_at_seconds = now_seconds if tally.first_at_seconds is None else tally.first_at_seconds
        self._tallies[index] = replace(
            tally, injections=tally.injections + 1, first_at_seconds=first_at_seconds
        )
        self._injected[fault.kind, fault.target] += 1
        self._strikes.append(Strike(fault.kind, fault.target, opportunity.subject, now_seconds))
        return fault

    def report(self) -> Mapping[str, Any]:
        """Return what `/_sluice/faults` shows.

        `plan` is the one in force or None; `injected` counts by kind and target, `strikes` lists the last
        ones; `tallies` has the opportunities and injections of each fault of the present or last plan.
        """
        with self._lock:
            injected: dict[str, dict[str, int]] = {}
            for (kind, target), count in sorted(self._injected.items()):
                injected.setdefault(kind.value, {})[target] = count
            return {
                "plan": asdict(self._plan) if self._plan else None,
                "injected": injected,
                "tallies": [asdict(tally) for tally in self._tallies],
                "strikes": [asdict(strike) for strike in self._strikes],
            }
