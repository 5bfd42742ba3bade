"""What a run of the chaos suite has found, as JSON and as lines for a person; pure."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tests.chaos.invariants import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.chaos.invariants import Broken
    from tests.chaos.scenarios import Scenario

LINES_SHOWN = 12
AT_REST = "the round came to rest"
"""The invariant that only time can break."""


@dataclass(frozen=True)
class Played:
    """A round and what became of it.

    Attributes:
        scenario: what was to go wrong.
        injections: how often each kind of fault struck; deeds count as well.
        broken: the invariants that did not hold.
        seconds: from the first start of a workflow until all was at rest.
        log: what the functions logged.
    """

    scenario: Scenario
    injections: Mapping[str, int]
    broken: tuple[Broken, ...]
    seconds: float
    log: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Command:
    """How the run was asked for: its seed, and what one types to have a single round again."""

    seed: int
    program: str = "python -m tests.chaos"

    def repeat(self, number: int) -> str:
        """The command that plays just this round again."""
        return f"{self.program} --seed {self.seed} --round {number}"


def document(command: Command, played: Mapping[int, Played], versions: Mapping[str, str]) -> dict[str, Any]:
    """Makes the result of a run; `played` holds its rounds by number."""
    faults: Counter[str] = Counter()
    broken: Counter[str] = Counter(dict.fromkeys((*NAMES, AT_REST), 0))
    for round_ in played.values():
        faults.update(round_.injections)
        broken.update(each.invariant for each in round_.broken)
    return {
        "rounds": len(played),
        "seed": command.seed,
        "faults": dict(sorted(faults.items())),
        "invariants": dict(broken),
        "broken": [_broken(command, number, round_) for number, round_ in played.items() if round_.broken],
        "seconds": {str(number): round(round_.seconds, 1) for number, round_ in played.items()},
        "versions": dict(versions),
    }


def _broken(command: Command, number: int, played: Played) -> dict[str, Any]:
    return {
        "round": number,
        "repeat": command.repeat(number),
        "pollers": played.scenario.pollers,
        "troubles": [trouble.name for trouble in played.scenario.troubles],
        "faults": [asdict(fault) for fault in played.scenario.plan.faults],
        "broken": [asdict(each) for each in played.broken],
    }


def shown(scenario: Scenario) -> str:
    """Says in a line what goes wrong in a round."""
    troubles = ", ".join(trouble.name for trouble in scenario.troubles) or "nothing"
    pollers = "1 poller" if scenario.pollers == 1 else f"{scenario.pollers} pollers"
    return f"{pollers}; {troubles}"


def verdict(command: Command, number: int, played: Played) -> list[str]:
    """Says how a round went, and how to repeat one that did not go well."""
    injected = sum(played.injections.values())
    if not played.broken:
        return [f"  at rest after {played.seconds:.1f} s, {injected} injections, every invariant holds"]
    lines = [f"  BROKEN after {played.seconds:.1f} s, {injected} injections"]
    lines += [f"    {each.invariant}: {each.seen}" for each in played.broken[:LINES_SHOWN]]
    lines += [f"    faults: {json.dumps([asdict(fault) for fault in played.scenario.plan.faults])}"]
    return [*lines, f"    again: {command.repeat(number)}"]


def summary(result: Mapping[str, Any]) -> list[str]:
    """Says what the whole run showed."""
    faults: Mapping[str, int] = result["faults"]
    broken: Sequence[tuple[str, int]] = [each for each in result["invariants"].items() if each[1]]
    lines = [f"{result['rounds']} rounds, seed {result['seed']}: {len(faults)} kinds of fault injected"]
    lines += [f"  {kind:32} {count:6}" for kind, count in faults.items()]
    lines += [f"{len(broken)} of {len(result['invariants'])} invariants broken"]
    return lines + [f"  {name}: {count} times" for name, count in broken]
