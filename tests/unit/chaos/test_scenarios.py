"""The rounds of a chaos run are drawn from their seed alone, and meet every trouble."""

from __future__ import annotations

from sluice_local.faults.plan import FaultKind
from tests.chaos.scenarios import MOST_TROUBLES, POLLERS, alone, drawn, together
from tests.chaos.troubles import TROUBLES, Deed

ROUNDS = 60


def test_a_round_is_the_same_for_the_same_seed_and_number() -> None:
    assert [drawn(7, number) for number in range(1, ROUNDS)] == [
        drawn(7, number) for number in range(1, ROUNDS)
    ]
    assert drawn(7, 1) != drawn(8, 1)


def test_sixty_rounds_meet_every_trouble_and_every_number_of_pollers() -> None:
    assert len(TROUBLES) <= ROUNDS
    rounds = [drawn(3, number) for number in range(1, ROUNDS + 1)]
    assert {trouble.name for each in rounds for trouble in each.troubles} == {each.name for each in TROUBLES}
    assert {each.pollers for each in rounds} == set(POLLERS)
    assert {len(each.troubles) for each in rounds} == set(range(1, MOST_TROUBLES + 1))


def test_the_troubles_use_every_kind_of_fault_and_every_deed() -> None:
    assert {fault.kind for trouble in TROUBLES for fault in trouble.faults} == set(FaultKind)
    assert {deed for trouble in TROUBLES for deed in trouble.deeds} == set(Deed)


def test_no_two_troubles_share_a_name() -> None:
    assert len({trouble.name for trouble in TROUBLES}) == len(TROUBLES)


def test_a_mixture_has_all_that_its_troubles_have() -> None:
    mixture = together("both", "job-vanished", "job-events-delayed", pollers=2)
    assert [fault.kind for fault in mixture.plan.faults] == [FaultKind.JOB_VANISHED, FaultKind.EVENT_DELAYED]
    assert mixture.deeds == {Deed.LET_A_DAY_PASS}
    assert mixture.late_seconds == mixture.plan.faults[1].seconds
    assert not mixture.costs_tokens
    assert together("lost", "poll-answer-lost", "submit-slow").costs_tokens


def test_the_quiet_round_has_no_trouble() -> None:
    quiet = alone("quiet")
    assert quiet.plan.faults == ()
    assert quiet.late_seconds == 0


def test_no_job_is_forgotten_whose_submitter_may_still_look_for_it() -> None:
    mixtures = [drawn(seed, number).troubles for seed in range(40) for number in range(1, ROUNDS)]
    forgetful = [each for each in mixtures if any(trouble.forgets_jobs for trouble in each)]
    assert any(len(each) > 1 for each in forgetful)
    assert not any(trouble.hides_jobs for each in forgetful for trouble in each)
