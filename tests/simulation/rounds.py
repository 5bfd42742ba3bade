"""Plays rounds: a seed, a profile, a schedule, a verdict."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from signal import SIG_IGN, SIGINT, signal
from typing import TYPE_CHECKING, Final, Protocol

from tests.simulation import seams
from tests.simulation.cohort_invariants import CohortJudge
from tests.simulation.copy_invariants import CopyJudge
from tests.simulation.invariants import COPIES, Judge, Violation
from tests.simulation.kernel.chance import Chance, Place
from tests.simulation.kernel.world import MICROSECONDS, START_US, World
from tests.simulation.look_invariants import LookJudge
from tests.simulation.news_invariants import NewsJudge
from tests.simulation.open_things import open_things
from tests.simulation.profiles import BY_NAME, PROFILES
from tests.simulation.stack import Stack
from tests.simulation.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATIENCE_SECONDS: Final = 24 * 3600
"""After the last thing that anybody does; some jobs take hours."""

CHUNK: Final = 10

PARTITIONS: Final = 2
"""A round has few tasks. Asking the eight partitions that many need would be most of an idle hour's calls."""


@dataclass(frozen=True)
class Outcome:
    """What a round showed."""

    seed: str
    violations: tuple[Violation, ...]
    taken: tuple[tuple[Place, str], ...]
    calls: int
    virtual_seconds: float
    trace: tuple[str, ...] = ()

    @property
    def profile(self) -> str:
        return self.seed.rsplit("-", 2)[0]


def seed_of(base: int, number: int) -> str:
    """The seed of a round of a series; it names its profile."""
    return f"{PROFILES[number % len(PROFILES)].name}-{base}-{number}"


def play(seed: str, *, only: frozenset[Place] | None = None, traced: bool = False) -> Outcome:
    """Plays one round."""
    seams.divide_lines(PARTITIONS)
    chance = Chance(seed, only=only)
    profile = BY_NAME[seed.rsplit("-", 2)[0]]
    world = World(chance, traced=traced)
    workload = Workload(chance, profile)
    stack = Stack(world, profile, workload.plan())
    healthy_may_starve = profile.outages > 0
    judges = (
        Judge(stack, healthy_may_starve),
        NewsJudge(stack),
        LookJudge(stack),
        CopyJudge(stack),
        CohortJudge(stack, workload.cohort),
    )
    for judge in judges:
        judge.begin()
    workload.begin(stack)
    until = START_US + round((workload.over_at + PATIENCE_SECONDS) * MICROSECONDS)
    world.run(until, lambda: world.seconds > workload.over_at + 60 and _is_quiet(stack))
    violations = [each for judge in judges for each in judge.verdict()]
    outcome = Outcome(
        seed,
        tuple(violations),
        tuple(chance.taken),
        sum(world.calls.values()),
        world.seconds,
        tuple(world.trace or ()),
    )
    world.close()
    return outcome


def _is_quiet(stack: Stack) -> bool:
    queues = (stack.queues[name] for name in stack.queues if name != "WakeUpsQueue")
    return all(queue.quiet for queue in queues) and next(open_things(stack), None) is None


@dataclass
class Series:
    """What many rounds showed."""

    rounds: int = 0
    calls: int = 0
    virtual_hours: float = 0
    seconds: float = 0
    faults: Counter[str] = field(default_factory=Counter)
    broken: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Counts a round in."""
        self.rounds += 1
        self.calls += outcome.calls
        self.virtual_hours += outcome.virtual_seconds / 3600
        self.faults.update(what for _, what in outcome.taken)
        for invariant in dict.fromkeys(each.invariant for each in outcome.violations):
            self.broken.setdefault((invariant, outcome.profile), []).append(outcome.seed)

    @property
    def failed(self) -> bool:
        """Whether anything was broken but what no client can keep."""
        return any(invariant not in COPIES for invariant, _ in self.broken)


def play_many(
    base: int, rounds: int, *, profile: str | None = None, processes: int = 1, first: int = 0
) -> Series:
    """Plays a series, in several processes; Ctrl-C ends it with what it has shown by then."""
    began = time.perf_counter()
    numbers = range(first, first + rounds)
    seeds = [f"{profile}-{base}-{number}" if profile else seed_of(base, number) for number in numbers]
    series = Series()
    with suppress(KeyboardInterrupt):
        for outcome in _played(seeds, processes):
            series.add(outcome)
    series.seconds = time.perf_counter() - began
    return series


def _played(seeds: Sequence[str], processes: int) -> Iterator[Outcome]:
    if processes == 1:
        yield from map(play, seeds)
        return
    with ProcessPoolExecutor(processes, initializer=signal, initargs=(SIGINT, SIG_IGN)) as pool:
        try:
            yield from pool.map(play, seeds, chunksize=CHUNK)
        finally:
            pool.shutdown(cancel_futures=True)


class Player(Protocol):
    """Plays a round."""

    def __call__(self, seed: str, *, only: frozenset[Place], traced: bool = False) -> Outcome:
        """With troubles at these places only."""


def shrunk(outcome: Outcome, again: Player = play) -> Outcome:
    """The round with as few troubles as still break the same invariant, one that a client can keep if any."""
    broken = {each.invariant for each in outcome.violations}
    wanted = broken.difference(COPIES) or broken
    kept = list(dict.fromkeys(place for place, _ in outcome.taken))
    best = outcome
    size = max(1, len(kept) // 2)
    while kept:
        changed = False
        for begin in range(0, len(kept), size):
            tried = kept[:begin] + kept[begin + size :]
            less = again(outcome.seed, only=frozenset(tried))
            if wanted & {each.invariant for each in less.violations}:
                best, changed = less, True
                left = {place for place, _ in less.taken}
                kept = [place for place in tried if place in left]
                break
        if not changed:
            if size == 1:
                break
            size = max(1, size // 2)
    return again(outcome.seed, only=frozenset(place for place, _ in best.taken), traced=True)
