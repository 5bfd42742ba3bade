"""Which jobs may share an array, and what its one request says of each."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.arrays.shape import (
    MARK,
    MAX_MEMBERS,
    MAX_OVERRIDES,
    Row,
    array_id_of,
    array_request,
    fits,
    row_of,
    rows_text,
)
from sluice.tasks.contract import parse_task
from sluice.tasks.submission import MAX_REQUEST_BYTES, ROWS
from tests.support.builders import job, task_text
from tests.support.rows import decoded

ENTRY_POINT = Path(__file__).parents[4] / "jobs/sluice-row"


def row(token: str, sample: str = "NA1", **fields: Any) -> Row | None:
    """The row of a task whose parameter `sample` varies."""
    wanted = {"parameters": {"sample": sample, "panel": "chr20"}, "jobDefinition": "lowpass:3", **fields}
    return row_of(parse_task(token, task_text(job("align", **wanted), vary=["sample"])))


def rows(*samples: str) -> list[Row]:
    found = [row(f"token {sample}", sample) for sample in samples]
    return [each for each in found if each is not None]


def test_tasks_that_differ_in_what_varies_alone_have_one_shape() -> None:
    one, other = rows("NA1", "NA2")
    assert one.shape == other.shape
    assert (one.values, other.values) == (("NA1",), ("NA2",))


@pytest.mark.parametrize(
    "fields",
    [
        {"parameters": {"sample": "NA1", "panel": "chr21"}},
        {"jobDefinition": "lowpass:4"},
        {"jobQueue": "another"},
        {"containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "4096"}]}},
        {"tags": {"sample": "NA1"}},
        {"timeout": {"attemptDurationSeconds": 60}},
    ],
)
def test_any_other_difference_is_another_shape(fields: dict[str, Any]) -> None:
    one, other = row("a"), row("b", **fields)
    assert one is not None
    assert other is not None
    assert one.shape != other.shape


def test_the_short_form_and_the_long_one_share_no_array() -> None:
    short = {
        "ExecutionArn": json.loads(task_text())["executionArn"],
        "JobName": "align",
        "JobQueue": job("align")["jobQueue"],
        "JobDefinition": "lowpass:3",
        "Parameters": {"sample": "NA2", "panel": "chr20"},
        "Vary": ["sample"],
    }
    one, other = row("a"), row_of(parse_task("b", json.dumps(short)))
    assert one is not None
    assert other is not None
    assert one.shape != other.shape


def test_a_task_that_says_nothing_of_what_varies_goes_alone() -> None:
    assert row_of(parse_task("token", task_text(job("align", parameters={"sample": "NA1"})))) is None


@pytest.mark.parametrize("sample", ["NA\0", 3])
def test_a_value_that_no_variable_holds_goes_alone(sample: Any) -> None:
    assert row("token", sample) is None


def test_a_job_in_which_a_mark_stands_already_goes_alone() -> None:
    assert row("token", containerOverrides={"command": ["echo", f"{MARK}0>"]}) is None


def test_an_array_says_once_what_all_have_and_puts_marks_where_they_differ() -> None:
    request = array_request(rows("NA1", "NA2"), "a" * 32)
    assert request["arrayProperties"] == {"size": 2}
    assert request["jobName"].startswith("align-")
    assert request["parameters"] == {"sample": "<sluice:0>", "panel": "chr20", "taskArray": "a" * 32}
    (variable,) = request["containerOverrides"]["environment"]
    assert variable["name"] == ROWS
    assert decoded(variable["value"]) == [["NA1"], ["NA2"]]


def test_the_variables_and_resources_that_all_have_stay() -> None:
    overrides = {"environment": [{"name": "THREADS", "value": "2"}], "vcpus": 2}
    found = row("token", containerOverrides=overrides)
    assert found is not None
    told = array_request([found, found], "a" * 32)["containerOverrides"]
    assert [each["name"] for each in told["environment"]] == ["THREADS", ROWS]
    assert told["vcpus"] == 2
    assert overrides == {"environment": [{"name": "THREADS", "value": "2"}], "vcpus": 2}


def test_two_arrays_never_have_one_id() -> None:
    assert array_id_of("key", 1) != array_id_of("key", 2)
    assert array_id_of("key", 1) != array_id_of("other", 1)


CELL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1)))
def test_rows_are_read_as_they_were_written(wanted: list[list[str]]) -> None:
    assert decoded(rows_text(wanted)) == wanted


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=3), CELL)
def test_the_entry_point_gives_the_command_the_values_of_its_row(
    wanted: list[tuple[str, str]], other: str
) -> None:
    words = ["<sluice:1>", f"a<sluice:0>b<sluice:1>{other}", other]
    for index, (first, second) in enumerate(wanted):
        ran = subprocess.run(
            [ENTRY_POINT, "printf", "%s\\0", *words],
            env={"PATH": "/usr/bin:/bin", ROWS: rows_text(wanted), "AWS_BATCH_JOB_ARRAY_INDEX": str(index)},
            stdout=subprocess.PIPE,
            check=True,
        )
        given_words = ran.stdout.decode().split("\0")[:-1]
        assert given_words == [second, f"a{first}b{second}{other}", other]


def test_the_entry_point_leaves_any_other_job_as_it_is() -> None:
    for variables in ({}, {"AWS_BATCH_JOB_ARRAY_INDEX": "0"}, {ROWS: "x\ny\nz"}):
        ran = subprocess.run(
            [ENTRY_POINT, "printf", "%s", "<sluice:0>"],
            env={"PATH": "/usr/bin:/bin", **variables},
            stdout=subprocess.PIPE,
            check=True,
        )
        assert ran.stdout == b"<sluice:0>"


def test_the_entry_point_says_which_row_is_missing_and_does_not_begin() -> None:
    ran = subprocess.run(
        [ENTRY_POINT, "echo", "begun"],
        env={"PATH": "/usr/bin:/bin", ROWS: "\n\nNA1", "AWS_BATCH_JOB_ARRAY_INDEX": "1"},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (64, b"")
    assert b"no row for the array's index 1" in ran.stderr


@settings(deadline=None)
@given(st.lists(st.text(max_size=200), min_size=2, max_size=MAX_MEMBERS + 5))
def test_what_fits_is_within_batchs_and_ecs_limits(samples: list[str]) -> None:
    found = rows(*samples)
    if len(found) < 2 or not fits(found):
        return
    request = array_request(found, "a" * 32)
    assert 2 <= request["arrayProperties"]["size"] <= 10_000
    assert len(json.dumps(request["containerOverrides"])) <= MAX_OVERRIDES
    assert len(json.dumps(request, ensure_ascii=False).encode(errors="replace")) <= MAX_REQUEST_BYTES + 1_000


def test_a_hundred_rows_of_one_pattern_fit_as_far_as_a_transaction_goes() -> None:
    samples = [f"s3://bucket/a-long-way/run-17/NA{index:05}.fastq.gz" for index in range(MAX_MEMBERS + 1)]
    found = rows(*samples)
    assert fits(found[:MAX_MEMBERS])
    assert not fits(found)


def test_rows_that_are_too_long_for_an_override_do_not_fit() -> None:
    assert not fits(rows("x" * MAX_OVERRIDES, "y"))
