"""Which guards does the simulation alone miss when they are turned off?

Each guard of tests/mutation is turned off in a copy of the functions, and the same rounds are played again
until it is noticed: an invariant breaks in a profile in which it did not, or clearly more often. What takes
many tasks to show is tried in a directed scenario: it is noticed when healthy tasks are lost or late, when
jobs run for nobody, or when something goes on for ever.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from threading import Lock
from typing import TYPE_CHECKING, Final

from tests.mutation.array_mutants import ARRAY_MUTANTS
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
    "news before stopping": "storm",
    "an error that is not the sender's fault": "expired",
    "an end to a job that can never be submitted": "poison",
    "threads that do not wait for jobs that fail": "poison",
    "an end to a job that IAM denies for good": "forbidden",
    "stopping jobs before the item leaves the reconciler's line": "storm",
}
"""The scenarios of those guards that a small round does not miss: as each minute brings another run, it takes
some 15 tasks that hold up a reconciler's thread to cost another its heartbeat, and hundreds of jobs to be
stopped to hold up news. In a round Batch refuses no job for ever, and nobody's credentials expire."""

THREATENED: Final = dict.fromkeys((mutant.turned_off for mutant in ARRAY_MUTANTS), "troubled-arrays") | {
    "stopping a copy of a job that has an id": "frozen",
    "stopping an earlier try before a new one is submitted": "timeouts",
}
"""The profiles of those guards that few others need: only their rounds are played."""

SHOWN: Final = {
    "healthy tasks are lost": r"healthy tasks lost: ([\d,]+) of",
    "healthy workflows fail": r"did not succeed: ([\d,]+);",
    "jobs run for nobody": r"jobs left running: ([\d,]+)",
    "good news comes late": r"good news came after .* tasks, ([\d,]+) of",
    "healthy tasks start late": r"first job was submitted after .* tasks, ([\d,]+) of",
}
"""What a scenario shows, and where it says how often."""

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
        usual = _once(partial(_played, whole))

        def tried(mutant: Mutant) -> Trial:
            with copied_tree(whole, FOLDERS, FILES) as tree:
                apply(mutant, tree)
                if mutant.turned_off in DIRECTED:
                    name = DIRECTED[mutant.turned_off]
                    return Trial(mutant, _differences(_directed(whole, name), _directed(tree, name)))
                before, now = Broken(), Broken()
                also = _arguments(mutant, arguments)
                for first in range(0, rounds, STEP):
                    before += usual(first, also)
                    now += _played(tree, first, also)
                    if _differences(before, now):
                        break
                return Trial(mutant, _differences(before, now))

        with ThreadPoolExecutor(processes) as pool:
            yield from pool.map(tried, chosen)


def _arguments(mutant: Mutant, given: Sequence[str]) -> tuple[str, ...]:
    """Which rounds are played: all, unless one profile is asked for or is the one that needs the guard."""
    profile = None if "--profile" in given else THREATENED.get(mutant.turned_off)
    return (*given, "--profile", profile) if profile else tuple(given)


def _once(play: Callable[[int, tuple[str, ...]], Broken]) -> Callable[[int, tuple[str, ...]], Broken]:
    """Plays the same rounds once, whoever asks for them."""
    lock, played = Lock(), cache(play)

    def get(first: int, also: tuple[str, ...]) -> Broken:
        with lock:
            return played(first, also)

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
    found = Broken()
    for what, number in SHOWN.items():
        shown = re.search(number, ran.stdout)
        if shown is None:
            raise MutantError(f"the scenario cannot be played:\n{ran.stderr[-2000:]}")
        found[f"{what} | {scenario}"] = int(shown[1].replace(",", ""))
    if "NOT QUIET" in ran.stdout:
        found[f"something goes on for ever | {scenario}"] = 1
    return found
