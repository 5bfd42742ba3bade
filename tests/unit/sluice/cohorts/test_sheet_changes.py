"""How a sheet differs from what started."""

from __future__ import annotations

import pytest

from sluice.cohorts.sheet import SheetRules, input_changes, parse_sheet, sheet_changes


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('{"a":1,"b":"x"}', '{"b":"x","a":1}', ()),
        ('{"a":1}', '{"a":true}', ("a: 1 -> true",)),
        ('{"a":1}', '{"a":1.0}', ("a: 1 -> 1.0",)),
        ('{"a":{"x":1,"y":2}}', '{"a":{"y":2,"x":1}}', ()),
        ('{"a":"x"}', '{"b":"x"}', ('a: "x" -> nothing', 'b: nothing -> "x"')),
    ],
)
def test_two_inputs_differ_in_their_fields_and_not_in_their_order(
    before: str, after: str, said: tuple[str, ...]
) -> None:
    assert input_changes(before, after) == said


def test_a_sheet_has_rows_that_changed_that_are_new_and_lacks_others() -> None:
    sheet = parse_sheet("sample,r\na,1\nb,2\nd,4\n", fmt="csv", rules=SheetRules("run-7", {}))
    inputs = {name: f'{{"sample":"{name}","r":"{r}","cohort":"run-7"}}' for name, r in ("a1", "b3", "c5")}
    changes = sheet_changes(inputs, sheet)
    assert [(row.sample, fields) for row, fields in changes.changed] == [("b", ('r: "3" -> "2"',))]
    assert (changes.missing, [row.sample for row in changes.new]) == (("c",), ["d"])
    assert not changes.adds_only
    assert sheet_changes({"a": inputs["a"]}, sheet).adds_only
