from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.aws.expressions import Names, condition, update

ITEM = {
    "state": {"S": "OPEN"},
    "age": {"N": "7"},
    "jobs": {"M": {"align": {"M": {"jobId": {"S": "j1"}}}}},
}
NAMES = Names(
    {"#state": "state", "#job": "align"},
    {
        ":open": {"S": "OPEN"},
        ":j1": {"S": "j1"},
        ":seven": {"N": "7.0"},
        ":ten": {"N": "10"},
        ":text": {"S": "7"},
    },
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("#state = :open", True),
        ("NOT #state = :open", False),
        ("age = :seven", True),
        ("age < :ten AND age >= :seven", True),
        ("age BETWEEN :seven AND :ten", True),
        ("age = :text", False),
        ("age <> :text", True),
        ("jobs.#job.jobId = :j1", True),
        ("attribute_exists(jobs.#job.status)", False),
        ("attribute_not_exists(jobs.other.status)", True),
        ("jobs.#job.jobId IN (:open, :j1)", True),
        ("missing = :open OR (#state = :open AND NOT missing < :ten)", True),
    ],
)
def test_a_condition_holds_as_dynamodb_says(text: str, holds: bool) -> None:
    assert condition(text)(ITEM, NAMES) is holds


def changed(text: str) -> dict[str, Any]:
    after = dict(ITEM)
    for change in update(text):
        change(after, ITEM, NAMES)
    return after


def test_an_update_sets_adds_and_removes_and_leaves_the_item_before_as_it_was() -> None:
    after = changed("SET jobs.#job.jobId = :open, age = age + :ten ADD count :ten REMOVE #state")
    assert after["jobs"]["M"]["align"]["M"]["jobId"] == {"S": "OPEN"}
    assert (after["age"], after["count"], "state" in after) == ({"N": "17"}, {"N": "10"}, False)
    assert ITEM["jobs"]["M"]["align"]["M"]["jobId"] == {"S": "j1"}  # type: ignore[index]


@pytest.mark.parametrize("text", ["SET age = missing + :ten", "SET jobs.other.jobId = :j1"])
def test_an_update_of_what_is_not_there_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"missing|path"):
        changed(text)


@pytest.mark.parametrize("text", ["age = :ten )", "(age = :ten", "age ~ :ten"])
def test_what_is_no_expression_is_not_read(text: str) -> None:
    with pytest.raises((ValueError, AssertionError)):
        condition(text)
