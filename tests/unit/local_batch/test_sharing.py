"""Fair-share scheduling policies."""

from typing import Any

import pytest

from sluice_local.batch.model import Job, RequestRefusedError
from sluice_local.batch.sharing.order import in_fair_order
from sluice_local.batch.sharing.policies import SchedulingPolicies
from tests.unit.local_batch.building import SCOPE, a_job


def shares(*entries: tuple[str, float]) -> dict[str, Any]:
    distribution = [{"shareIdentifier": share, "weightFactor": weight} for share, weight in entries]
    return {"fairsharePolicy": {"shareDistribution": distribution}}


def job(name: str, share: str, priority: int = 0) -> Job:
    return a_job(name, shareIdentifier=share, schedulingPriorityOverride=priority)


def order(waiting: list[Job], placed: list[Job], *entries: tuple[str, float]) -> list[str]:
    return [each.spec.job_id for each in in_fair_order(waiting, placed, shares(*entries))]


def test_the_share_that_uses_least_comes_first() -> None:
    waiting = [job("a1", "a"), job("a2", "a"), job("b1", "b")]
    assert order(waiting, [job("a0", "a")]) == ["b1", "a1", "a2"]


def test_a_lower_weight_may_use_more() -> None:
    placed = [job("a0", "a"), job("a1", "a"), job("b0", "b")]
    assert order([job("a2", "a"), job("b2", "b")], placed, ("a", 0.25), ("b", 1)) == ["a2", "b2"]
    assert order([job("a2", "a"), job("b2", "b")], placed, ("a*", 1)) == ["b2", "a2"]


def test_within_a_share_the_higher_priority_then_the_earlier_comes_first() -> None:
    waiting = [job("low", "a", 1), job("high", "a", 9), job("other", "a", 1)]
    assert order(waiting, []) == ["high", "low", "other"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (shares(("a", 0)), "weightFactor is 0; it must be 0.0001 to 999.9999"),
        (shares(("a b", 1)), "letters and numbers are allowed"),
        (shares(("UserA*", 1), ("UserA1", 1)), "which overlap"),
        ({"fairsharePolicy": {"computeReservation": 100}}, "it must be 0 to 99"),
        ({"fairsharePolicy": {"shareDecaySeconds": 604_801}}, "it must be 0 to 604800"),
        ({"name": "a b"}, "name 'a b' is not valid"),
    ],
)
def test_a_policy_is_refused_with_what_is_allowed(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestRefusedError, match=message):
        SchedulingPolicies().create({"name": "fair", **request_}, SCOPE)


def test_a_policy_is_changed_member_by_member() -> None:
    policies = SchedulingPolicies()
    arn = policies.create({"name": "fair", **shares(("a", 2))}, SCOPE)["arn"]
    policies.update({"arn": arn, "fairsharePolicy": {"computeReservation": 50}})
    (shown,) = policies.describe([arn, "unknown"])
    assert shown["fairsharePolicy"] == {
        "shareDecaySeconds": 0,
        "computeReservation": 50,
        "shareDistribution": [{"shareIdentifier": "a", "weightFactor": 2}],
    }
    assert policies.list_arns(SCOPE) == [arn]
    policies.delete({"arn": arn})
    assert policies.list_arns(SCOPE) == []
