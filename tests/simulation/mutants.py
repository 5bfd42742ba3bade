"""Which guards does the simulation alone miss when they are turned off?

Each guard of tests/mutation is turned off in a copy of the functions, and the same rounds are played again
until it is noticed: an invariant breaks in a profile in which it did not, or clearly more often. What takes
many tasks to show is tried in a directed scenario: it is noticed when healthy tasks are lost, or hear of
their success minutes later.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Final

from tests.mutation.mutant import Mutant, MutantError, apply
from tests.mutation.mutants import MUTANTS
from tests.mutation.trial import copied_tree, python_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

FOLDERS: Final = ("functions", "statemachines", "tests")
FILES: Final = ("template.yaml",)
"""What is deployed, and the simulation."""

LONGEST_SECONDS: Final = 600
CLEARLY: Final = 3
"""More broken rounds than without the mutant by so many are no accident."""

DIRECTED: Final = {
    "heartbeats before any labour": "unlisted",
    "heartbeats before claims once claims fail": "spoilt",
    "no second heartbeat of tasks that could not be claimed before the others had theirs": "unclaimed",
    "writing an intent again until the table takes it": "unwritten",
    "writing an intent again that IAM denies or whose credentials are too old": "denied",
    "news before stopping": "failing",
}
"""The scenarios of those guards that a small round does not miss: as each minute brings another run, it takes
some 15 tasks that hold up a reconciler's thread to cost another its heartbeat, and hundreds of jobs to be
stopped to hold up news."""

STEP: Final = 40
"""So many rounds are played before it is asked whether a mutant is noticed by now: two of each profile."""

Broken = Counter[str]
"""Of each invariant and profile, how many rounds broke it."""


@dataclass(frozen=True)
class Trial:
    """What the simulation said to a mutant: the invariants and profiles that noticed."""

    mutant: Mutant
    noticed: tuple[str, ...]


def try_all(rounds: int, arguments: Sequence[str], processes: int, word: str = "") -> Iterator[Trial]:
    """Tries the mutants that have the word, in so many rounds at most, some at a time.

    Raises:
        MutantError: the rounds cannot be played at all.
    """
    chosen = [
        mutant for mutant in MUTANTS if word in f"{mutant.promise} {mutant.turned_off}" and not mutant.unseen
    ]
    with copied_tree(folders=FOLDERS, files=FILES) as whole:
        usual = _once(lambda first: _played(whole, first, arguments))

        def tried(mutant: Mutant) -> Trial:
            with copied_tree(whole, FOLDERS, FILES) as tree:
                apply(mutant, tree)
                if mutant.turned_off in DIRECTED:
                    name = DIRECTED[mutant.turned_off]
                    return Trial(mutant, _differences(_directed(whole, name), _directed(tree, name)))
                before, now = Broken(), Broken()
                for first in range(0, rounds, STEP):
                    before += usual(first)
                    now += _played(tree, first, arguments)
                    if _differences(before, now):
                        break
                return Trial(mutant, _differences(before, now))

        with ThreadPoolExecutor(processes) as pool:
            yield from pool.map(tried, chosen)


def _once(play: Callable[[int], Broken]) -> Callable[[int], Broken]:
    """Plays the same rounds once, whoever asks for them."""
    lock, played = Lock(), cache(play)

    def get(first: int) -> Broken:
        with lock:
            return played(first)

    return get


def _differences(usual: Broken, now: Broken) -> tuple[str, ...]:
    return tuple(
        f"{place} ({number})"
        for place, number in now.items()
        if number >= usual.get(place, 0) + CLEARLY
        or (
            place not in usual and place.partition(" | ")[0] not in {key.partition(" | ")[0] for key in usual}
        )
    )


def _played(tree: Path, first: int, arguments: Sequence[str]) -> Broken:
    """Plays STEP rounds with the functions of a tree; rounds that do not end have broken everything."""
    played = ("-m", "tests.simulation", *arguments, "--rounds", str(STEP), "--first", str(first))
    played += ("--processes", "1", "--json")
    try:
        ran = python_in(tree, *played, longest_seconds=LONGEST_SECONDS, PYTHONHASHSEED="0")
    except subprocess.TimeoutExpired:
        return Broken({"the rounds do not end | any": 1})
    if not ran.stdout.startswith("{"):
        raise MutantError(f"the rounds cannot be played:\n{ran.stderr[-2000:]}")
    return Broken(json.loads(ran.stdout))


def _directed(tree: Path, scenario: str) -> Broken:
    """Plays a scenario with the functions of a tree."""
    ran = python_in(
        tree,
        *("-m", "tests.simulation", "scenario", scenario),
        longest_seconds=LONGEST_SECONDS,
        PYTHONHASHSEED="0",
    )
    lost = re.search(r"healthy tasks lost: ([\d,]+) of", ran.stdout)
    late = re.search(r"good news came after .* at most ([\d,]+)", ran.stdout)
    if lost is None or late is None:
        raise MutantError(f"the scenario cannot be played:\n{ran.stderr[-2000:]}")
    minutes = int(late[1].replace(",", "")) // 60
    return Broken(
        {
            f"healthy tasks are lost | {scenario}": int(lost[1].replace(",", "")),
            f"minutes until good news | {scenario}": minutes,
        }
    )
