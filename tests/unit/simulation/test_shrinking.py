from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.invariants import OVERLAP, Violation
from tests.simulation.rounds import Outcome, shrunk

if TYPE_CHECKING:
    from tests.simulation.kernel.chance import Place

PLACES = tuple(("call", number) for number in range(40))
BOTH = {("call", 7), ("call", 31)}


def play(seed: str, *, only: frozenset[Place] | None = None, traced: bool = False) -> Outcome:
    """A round that breaks something when two of its troubles come together."""
    taken = tuple((place, "trouble") for place in PLACES if only is None or place in only)
    broken = {place for place, _ in taken} >= BOTH
    violations = (Violation("something hangs", "a test"),) if broken else ()
    return Outcome(seed, violations, taken, 0, 0, ("a line",) if traced else ())


def test_a_round_is_shrunk_to_the_troubles_that_break_it() -> None:
    best = shrunk(play("calm-1-1"), play)
    assert {place for place, _ in best.taken} == BOTH
    assert best.trace == ("a line",)


def test_a_round_whose_troubles_do_not_matter_is_left_with_none() -> None:
    always = Outcome("calm-1-1", (Violation("something hangs", "a test"),), play("").taken, 0, 0)

    def play_always(seed: str, *, only: frozenset[Place], traced: bool = False) -> Outcome:
        return Outcome(seed, always.violations, play(seed, only=only, traced=traced).taken, 0, 0)

    assert shrunk(always, play_always).taken == ()


def test_a_round_is_shrunk_to_what_breaks_more_than_no_client_can_keep() -> None:
    copy = Violation(OVERLAP, "a test")

    def play_with_copy(seed: str, *, only: frozenset[Place] | None = None, traced: bool = False) -> Outcome:
        played = play(seed, only=only, traced=traced)
        return Outcome(seed, (*played.violations, copy), played.taken, 0, 0)

    best = shrunk(play_with_copy("calm-1-1"), play_with_copy)
    assert {place for place, _ in best.taken} == BOTH


def test_a_round_that_breaks_only_what_no_client_can_keep_is_shrunk_to_that() -> None:
    copy = (Violation(OVERLAP, "a test"),)

    def play_copies(seed: str, *, only: frozenset[Place] | None = None, traced: bool = False) -> Outcome:
        played = play(seed, only=only, traced=traced)
        return Outcome(seed, copy if played.violations else (), played.taken, 0, 0)

    best = shrunk(play_copies("calm-1-1"), play_copies)
    assert {place for place, _ in best.taken} == BOTH
