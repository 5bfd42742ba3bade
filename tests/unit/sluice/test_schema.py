from __future__ import annotations

from typing import Any

import pytest

from sluice.schema import LISTED, Fields, Text, listed, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ("\N{SNOWMAN}\x00\u202e", '"\\u2603\\u0000\\u202e"'),
        ("\ud800", '"\\ud800"'),
        (float("nan"), "NaN"),
        ({"a": [1, True]}, '{"a": [1, true]}'),
        ("x" * 79, '"' + "x" * 79 + "…"),
    ],
)
def test_a_value_is_shown_as_json_in_ascii(value: Any, text: str) -> None:
    assert shown(value) == text


def test_a_value_of_any_depth_is_shown_from_its_beginning() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(deep) == "[" * 80 + "…"


def test_a_long_list_of_names_is_cut_and_says_how_many_are_left() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(index) for index in range(LISTED + 3)], " -> ").endswith(" -> 19 -> 3 more")


def test_fields_that_are_somebody_elses_to_judge_are_passed_over() -> None:
    known = {"jobName": Text(least=1)}
    assert list(Fields(known, others=True).complaints("", {"jobName": "a", "x": []})) == []
    assert list(Fields(known).complaints("", {"jobName": "a", "x": []})) == [
        "x is not a field; there are: jobName"
    ]
