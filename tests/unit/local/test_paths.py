"""Paths of the Amazon States Language."""

from typing import Any

import pytest

from sluice_local.engine.stepfunctions.language.paths import MissingPathError, put, resolve

DATA: dict[str, Any] = {
    "JobId": "j",
    "Container": {"ExitCode": 3, "log-name": "l"},
    "cells": [{"id": 1, "good": True}, {"id": 2}],
    "É t": 5,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", DATA),
        ("$.JobId", "j"),
        ("$['JobId']", "j"),
        ('$["Container"].ExitCode', 3),
        ("$.Container.log-name", "l"),
        ("$.cells[1].id", 2),
        ("$.[0]", [DATA][0]),
        ("$['É t']", 5),
        ("$.nothing", None),
        ("$['JobId','nothing']", {"JobId": "j", "nothing": None}),
        ("$.['JobId', 'gone']", {"JobId": "j"}),
        ("$.cells[*].id", [1, 2]),
        ("$.cells[*].good", [True]),
        ("$.cells[-1:].id", [2]),
        ("$.cells[?(@.id > 1)].id", [2]),
        ("$..id", [1, 2]),
        ("$.cells[?(@.id > 7)]", []),
    ],
)
def test_a_path_gives_what_it_names(path: str, found: Any) -> None:
    data = [DATA] if path == "$.[0]" else DATA
    assert resolve(path, data) == found


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("$.gone", r"No results for path: \$\['gone'\]"),
        ("$.gone.there", r"Missing property in path \$\['gone'\]"),
        ("$.Container.gone.there", r"Missing property in path \$\['Container'\]\['gone'\]"),
        ("$.cells[2]", r"No results for path: \$\['cells'\]\[2\]"),
        ("$.JobId.x", r"No results for path: \$\['JobId'\]\['x'\]"),
        ("$.cells[?(", "is no path"),
    ],
)
def test_a_path_that_leads_nowhere_says_from_where_on(path: str, told: str) -> None:
    with pytest.raises(MissingPathError, match=told):
        resolve(path, DATA)


@pytest.mark.parametrize(
    ("path", "output"),
    [
        ("$", 1),
        ("$.new", {"a": {"b": 0}, "new": 1}),
        ("$.a.c", {"a": {"b": 0, "c": 1}}),
        ("$['a']['b']", {"a": {"b": 1}}),
        ("$.x.y.z", {"a": {"b": 0}, "x": {"y": {"z": 1}}}),
    ],
)
def test_a_result_is_put_where_the_path_leads(path: str, output: Any) -> None:
    original = {"a": {"b": 0}}
    assert put(path, original, 1) == output
    assert original == {"a": {"b": 0}}


@pytest.mark.parametrize(
    ("path", "original"), [("$.a", 5), ("$.a.b", {"a": 5}), ("$.a[*]", {"a": []}), ("$.a[0]", {})]
)
def test_a_result_is_not_put_into_what_is_no_object(path: str, original: Any) -> None:
    with pytest.raises(MissingPathError):
        put(path, original, 1)
