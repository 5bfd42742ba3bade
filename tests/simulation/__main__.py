"""`python -m tests.simulation`: the real services play against a simulated AWS in virtual time.

--rounds N --seed S      so many rounds, from a seed on; each failing round names its own seed
--profile NAME           of one profile only
--replay SEED            one round once more: shrunk to the fewest troubles, with a trace to read
--mutants [WORD]         turn each guard of tests/mutation off: do the rounds notice?
scenario NAME ...        a directed scenario at the template's default sizes, or all of them
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from tests.mutation.mutants import MUTANTS
from tests.simulation import rounds as playing
from tests.simulation.invariants import COPIES
from tests.simulation.mutants import try_all
from tests.simulation.profiles import BY_NAME
from tests.simulation.scenario_play import play as play_scenario
from tests.simulation.scenarios import SCENARIOS

if TYPE_CHECKING:
    from tests.simulation.rounds import Series

SEEDS_SHOWN = 3


def main(arguments: list[str]) -> int:
    """Does what was asked for; 1 if anything was broken."""
    if arguments[:1] == ["scenario"]:
        for name in arguments[1:] or SCENARIOS:
            print("\n".join(play_scenario(name)), flush=True)
        return 0
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--profile", choices=BY_NAME)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--replay", metavar="SEED")
    parser.add_argument("--whole", action="store_true", help="replay without shrinking")
    parser.add_argument("--json", action="store_true", help="print how many rounds broke what")
    parser.add_argument("--mutants", nargs="?", const="", metavar="WORD")
    asked = parser.parse_args(arguments)
    if asked.mutants is not None:
        also = ["--seed", str(asked.seed), *(["--profile", asked.profile] if asked.profile else [])]
        return try_mutants(asked.rounds, also, asked.processes, asked.mutants)
    if asked.replay:
        return replay(asked.replay, whole=asked.whole)
    series = playing.play_many(
        asked.seed, asked.rounds, profile=asked.profile, processes=asked.processes, first=asked.first
    )
    if asked.json:
        print(json.dumps({" | ".join(place): len(seeds) for place, seeds in series.broken.items()}))
    else:
        print("\n".join(report(series)))
    return 1 if series.failed else 0


def report(series: Series) -> list[str]:
    """What a series showed."""
    lines = [
        f"{series.rounds:,} rounds, {series.calls:,} calls, {series.virtual_hours:,.0f} virtual hours",
        f"{series.seconds:.0f} s: {series.rounds / series.seconds:.1f} rounds a second",
        "troubles: " + ", ".join(f"{what} {number:,}" for what, number in series.faults.most_common()),
    ]
    for (invariant, profile), seeds in sorted(series.broken.items()):
        named = " (the class that no client can keep)" if invariant in COPIES else ""
        shown = " ".join(seeds[:SEEDS_SHOWN])
        lines.append(f"{invariant}{named}, {profile}: {len(seeds)} rounds, --replay {shown}")
    return [*lines, "nothing was broken" if not series.broken else ""]


def try_mutants(rounds: int, arguments: list[str], processes: int, word: str) -> int:
    """Says of each mutant whether the rounds noticed; 1 if any survived."""
    survivors = 0
    for trial in try_all(rounds, arguments, processes, word):
        survivors += not trial.noticed
        what = "; ".join(trial.noticed[:2]) or "nothing"
        verdict = "noticed " if trial.noticed else "SURVIVED"
        print(f"{verdict} {trial.mutant.promise} {trial.mutant.turned_off}: {what}", flush=True)
    unseen = [each for each in MUTANTS if each.unseen and word in f"{each.promise} {each.turned_off}"]
    for mutant in unseen:
        print(f"not played {mutant.promise} {mutant.turned_off}: {mutant.unseen}")
    print(f"{survivors} survived, {len(unseen)} were not played")
    return 1 if survivors else 0


def replay(seed: str, *, whole: bool) -> int:
    """Plays one round once more and prints what happened in it."""
    outcome = playing.play(seed, traced=True)
    if outcome.violations and not whole:
        outcome = playing.shrunk(outcome)
    print("\n".join(outcome.trace))
    print(f"\n{seed}: {len(outcome.taken)} troubles")
    for (operation, number), what in outcome.taken:
        print(f"  {operation} number {number}: {what}")
    print("\n".join(str(each) for each in outcome.violations) or "nothing was broken")
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets have an order of their own in each process otherwise
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    sys.exit(main(sys.argv[1:]))
