"""A plan says what goes wrong; when it does depends on the plan alone."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice_local.faults.in_force import FaultsInForce, Opportunity, Tally, chance, matches, strikes
from sluice_local.faults.plan import API_KINDS, Fault, FaultKind, FaultPlan, FaultPlanError

SUBMIT = Opportunity(("Batch.SubmitJob",), "Batch.SubmitJob", "sluice-SubmitJobsFunction-1A2B3C")
THROTTLED = Fault(FaultKind.THROTTLED, "Batch.SubmitJob")


class Clock:
    """A wall clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


def in_force(*faults: Fault, seed: int = 7, clock: Clock | None = None) -> FaultsInForce:
    made = FaultsInForce(clock or Clock())
    made.inject(FaultPlan(seed, faults))
    return made


def pattern(faults: FaultsInForce, opportunities: int, kind: FaultKind = FaultKind.THROTTLED) -> str:
    return "".join("x" if faults.draw({kind}, SUBMIT) else "." for _ in range(opportunities))


def test_a_plan_is_read_back_from_its_json() -> None:
    plan = FaultPlan(
        3,
        (
            Fault(FaultKind.SLOW_ANSWER, "DynamoDB.*", 0.5, count=2, after=1, seconds=1.5, caller="Any"),
            Fault(FaultKind.EVENT_DROPPED, "Batch Job State Change"),
        ),
    )
    assert FaultPlan.from_json(plan.to_json()) == plan


def test_what_a_plan_leaves_out_has_its_default() -> None:
    text = '{"seed": 1, "faults": [{"kind": "throttled", "target": "Batch.SubmitJob"}]}'
    assert FaultPlan.from_json(text) == FaultPlan(1, (THROTTLED,))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "fire"}, r"faults\[0\]: kind is 'fire'; there are answer_lost, "),
        ({"kind": ["throttled"]}, r"kind is \['throttled'\]"),
        ({"target": ""}, r"target is empty; '\*' means anything"),
        ({"target": "SubmitJob"}, r"target 'SubmitJob' is no API; write Service\.Operation"),
        ({"target": 3}, "target is 3; it must be str"),
        ({"probability": 1.5}, "probability is 1.5; it must be 0 to 1"),
        ({"probability": "often"}, "probability is 'often'; it must be int or float"),
        ({"count": 0}, "count is 0; it must be at least 1, or null"),
        ({"count": True}, "count is True; it must be int or null"),
        ({"after": -1}, "after is -1"),
        ({"seconds": -1}, "seconds is -1"),
        ({"caller": 1}, "caller is 1; it must be str or null"),
        ({"kind": "slow_answer"}, "seconds is 0; say how late"),
        ({"kind": "job_vanished", "caller": "x"}, "only API calls have a caller"),
        ({"when": "now"}, r"faults\[0\] has the fields \['when'\]; there are \['after', "),
    ],
)
def test_a_fault_that_cannot_be_is_told_with_the_way_out(fields: dict[str, Any], message: str) -> None:
    fault = {"kind": "throttled", "target": "Batch.SubmitJob", **fields}
    with pytest.raises(FaultPlanError, match=message):
        FaultPlan.from_json(json.dumps({"seed": 1, "faults": [fault]}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "The plan is no JSON"),
        ("[]", "The plan is list; it must be an object"),
        ('{"seed": 1}', r"The plan lacks \['faults'\]"),
        ('{"seed": "1", "faults": []}', "seed must be an integer"),
        ('{"seed": 1, "faults": [{"kind": "throttled"}]}', r"faults\[0\] lacks \['target'\]"),
        ('{"seed": 1, "faults": [3]}', r"faults\[0\] is int; it must be an object"),
    ],
)
def test_a_plan_that_cannot_be_is_told_with_the_place(text: str, message: str) -> None:
    with pytest.raises(FaultPlanError, match=message):
        FaultPlan.from_json(text)


@pytest.mark.parametrize("kind", sorted(API_KINDS))
def test_a_fault_made_in_python_is_checked_too(kind: FaultKind) -> None:
    with pytest.raises(FaultPlanError, match="is no API"):
        Fault(kind, "anything", seconds=1)


@pytest.mark.parametrize(
    ("fault", "matched"),
    [
        (Fault(FaultKind.THROTTLED, "Batch.SubmitJob"), True),
        (Fault(FaultKind.THROTTLED, "Batch.*"), True),
        (Fault(FaultKind.THROTTLED, "*"), True),
        (Fault(FaultKind.THROTTLED, "Batch.SubmitJobs"), False),
        (Fault(FaultKind.THROTTLED, "batch.submitjob"), False),
        (Fault(FaultKind.THROTTLED, "*", caller="SubmitJobsFunction"), True),
        (Fault(FaultKind.THROTTLED, "*", caller="sluice-SubmitJobsFunction-1A2B3C"), True),
        (Fault(FaultKind.THROTTLED, "*", caller="Submit*"), True),
        (Fault(FaultKind.THROTTLED, "*", caller="SubmitJobs"), False),
    ],
)
def test_a_target_and_a_caller_choose_the_calls(fault: Fault, matched: bool) -> None:
    assert matches(fault, SUBMIT) is matched


def test_a_call_of_nobody_known_is_no_function_s() -> None:
    anybody = Opportunity(("Batch.SubmitJob",), "Batch.SubmitJob")
    assert not matches(Fault(FaultKind.THROTTLED, "*", caller="*"), anybody)


@given(st.integers(), st.integers(0, 100), st.integers(0, 10_000))
def test_a_chance_depends_on_seed_fault_and_opportunity_alone(seed: int, index: int, n: int) -> None:
    assert 0 <= chance(seed, index, n) < 1
    assert chance(seed, index, n) == chance(seed, index, n)


def test_chances_are_spread_evenly() -> None:
    draws = [chance(seed, 0, n) for seed in range(10) for n in range(200)]
    assert 0.45 < sum(draws) / len(draws) < 0.55
    assert len(set(draws)) == len(draws)


def test_a_certain_fault_always_strikes_and_an_impossible_one_never() -> None:
    never = Fault(FaultKind.THROTTLED, "*", probability=0.0)
    assert pattern(in_force(THROTTLED), 5) == "xxxxx"
    assert pattern(in_force(never), 5) == "....."


def test_a_fault_passes_over_its_first_opportunities_and_strikes_no_more_than_its_count() -> None:
    fault = Fault(FaultKind.THROTTLED, "*", count=2, after=3)
    assert pattern(in_force(fault), 8) == "...xx..."


def test_equal_plans_meet_their_opportunities_alike_and_other_seeds_do_not() -> None:
    fault = Fault(FaultKind.THROTTLED, "*", probability=0.5)
    assert pattern(in_force(fault), 64) == pattern(in_force(fault), 64)
    assert pattern(in_force(fault), 64) != pattern(in_force(fault, seed=8), 64)


def test_what_other_faults_meet_changes_nothing() -> None:
    # GIVEN a fault behind one that strikes at every call of the same kind
    certain = Fault(FaultKind.SERVER_ERROR, "*")
    fault = Fault(FaultKind.THROTTLED, "*", probability=0.5)
    alone, together = in_force(THROTTLED, fault), in_force(certain, fault)
    kinds = {FaultKind.THROTTLED, FaultKind.SERVER_ERROR}
    # WHEN both have met 64 opportunities, of which the certain one took all
    assert all(together.draw(kinds, SUBMIT) == certain for _ in range(64))
    pattern(alone, 64)
    # THEN the second's opportunities are counted all the same
    assert [tally["opportunities"] for tally in together.report()["tallies"]] == [64, 64]
    assert [tally["injections"] for tally in together.report()["tallies"]] == [64, 0]


def test_a_storm_ends_its_seconds_after_it_began() -> None:
    clock = Clock()
    faults = in_force(Fault(FaultKind.THROTTLED, "*", after=1, seconds=3.0), clock=clock)
    assert pattern(faults, 2) == ".x"
    clock.seconds += 2.9
    assert pattern(faults, 1) == "x"
    clock.seconds += 0.1
    assert pattern(faults, 3) == "..."


def test_seconds_that_say_how_late_end_nothing() -> None:
    late = Fault(FaultKind.SLOW_ANSWER, "*", seconds=1.0)
    assert strikes(late, Tally(3, 3, first_at_seconds=0.0), draw=0.0, now_seconds=100.0)


def test_an_opportunity_of_another_kind_or_target_is_none() -> None:
    faults = in_force(THROTTLED)
    assert faults.draw({FaultKind.ANSWER_LOST}, SUBMIT) is None
    assert faults.draw({FaultKind.THROTTLED}, Opportunity(("Batch.ListJobs",), "")) is None
    assert faults.report()["tallies"] == [{"opportunities": 0, "injections": 0, "first_at_seconds": None}]


def test_the_report_counts_by_kind_and_target_and_says_what_was_struck() -> None:
    clock = Clock()
    faults = in_force(THROTTLED, Fault(FaultKind.ANSWER_LOST, "Batch.*"), clock=clock)
    pattern(faults, 2)
    pattern(faults, 1, FaultKind.ANSWER_LOST)
    report = faults.report()
    assert report["injected"] == {"answer_lost": {"Batch.*": 1}, "throttled": {"Batch.SubmitJob": 2}}
    assert report["strikes"][0] == {
        "kind": "throttled",
        "target": "Batch.SubmitJob",
        "subject": "Batch.SubmitJob",
        "at_seconds": clock.seconds,
    }


def test_healing_ends_the_plan_tells_its_listeners_and_keeps_the_counts() -> None:
    healed: list[str] = []
    faults = in_force(THROTTLED)
    faults.on_heal(lambda: healed.append("once"))
    pattern(faults, 3)
    faults.end()
    assert (faults.active, healed) == (False, ["once"])
    assert pattern(faults, 3) == "..."
    assert faults.report()["plan"] is None
    assert faults.report()["injected"] == {"throttled": {"Batch.SubmitJob": 3}}


def test_the_next_plan_begins_at_nothing() -> None:
    faults = in_force(THROTTLED)
    pattern(faults, 3)
    faults.inject(FaultPlan(7, (Fault(FaultKind.THROTTLED, "*", count=1),)))
    assert faults.report()["injected"] == {}
    assert pattern(faults, 3) == "x.."


def test_without_a_plan_nothing_is_active() -> None:
    faults = FaultsInForce(Clock())
    assert not faults.active
    assert faults.draw(set(FaultKind), SUBMIT) is None
