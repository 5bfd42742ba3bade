"""What a job may hold is what SubmitJob takes, as botocore's model of Batch has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sluice.job_shape import JOB
from sluice.shape import Entries, Fields, Flag, Named, Text, Whole, shown
from tests.unit.sluice.submit_job_model import SUBMIT_JOB

if TYPE_CHECKING:
    from botocore.model import Shape

    from sluice.shape import Kind

OF_DEPENDENCIES = {"jobName"}
"""A dependency may name another job of its task; botocore's knows ids only."""


def words(kind: Kind) -> Any:
    """A kind in the words of botocore's model."""
    match kind:
        case Fields(known, required):
            return {name: (words(known[name]), name in required) for name in known}
        case Entries(each):
            return [words(each)]
        case Named(name, value):
            return (words(name), words(value))
        case Text():
            return "string"
        case Flag():
            return "boolean"
        case Whole():
            return "integer" if kind.most < 2**31 else "long"
    pytest.fail(f"no words for {kind}")


def modelled(shape: Shape) -> Any:
    """A shape of botocore's in the same words."""
    some: Any = shape
    if shape.type_name == "structure":
        names = some.members
        return {name: (modelled(names[name]), name in some.required_members) for name in names}
    if shape.type_name == "list":
        return [modelled(some.member)]
    if shape.type_name == "map":
        return (modelled(some.key), modelled(some.value))
    return shape.type_name


def test_a_jobs_fields_are_submit_jobs_arguments() -> None:
    ours, theirs = words(JOB), modelled(SUBMIT_JOB)
    ((dependency,), _), ((of_theirs,), _) = ours.pop("dependsOn"), theirs.pop("dependsOn")
    assert ours == theirs
    assert {name: dependency[name] for name in dependency.keys() - OF_DEPENDENCIES} == of_theirs


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
