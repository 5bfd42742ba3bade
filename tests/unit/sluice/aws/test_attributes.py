from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.aws.tables.attributes import from_item, to_item

plain = st.recursive(
    st.text() | st.integers(-(10**37), 10**37),
    lambda inner: st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), plain, max_size=5))
def test_values_come_back_as_they_were_written(values: dict[str, Any]) -> None:
    assert from_item(to_item(values)) == values


def test_the_attribute_form_is_dynamodbs() -> None:
    item = to_item({"name": "align", "attempts": 2, "rate": Decimal("49.5"), "jobs": {"a": {}}})
    assert item == {
        "name": {"S": "align"},
        "attempts": {"N": "2"},
        "rate": {"N": "49.5"},
        "jobs": {"M": {"a": {"M": {}}}},
    }


@pytest.mark.parametrize("value", [True, None, 0.5, ["align"], b"align"])
def test_a_kind_of_value_that_sluice_never_keeps_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="an item holds"):
        to_item({"value": value})
