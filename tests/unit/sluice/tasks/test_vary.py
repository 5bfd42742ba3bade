"""What a task may say of the parameters in which it differs from others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sluice.tasks.contract import parse_task
from sluice.tasks.parsing import InvalidTaskError, build_task
from tests.support.builders import job, task_text


def one(vary: Any, *more: dict[str, Any], **fields: Any) -> str:
    wanted = {"jobDefinition": "lowpass:3", "parameters": {"sample": "NA1", "panel": "p"}, **fields}
    return task_text(job("align", **wanted), *more, vary=vary)


def short(vary: Any, **fields: Any) -> str:
    wanted = {"JobName": "align", "JobQueue": "q", "JobDefinition": "lowpass:3", "Vary": vary, **fields}
    return json.dumps({"Parameters": {"sample": "NA1"}, **wanted})


@pytest.mark.parametrize("text", [one(["sample", "panel"]), one(["sample"]), short(["sample"])])
def test_what_varies_is_kept_and_read_again(text: str) -> None:
    task = parse_task("token", text)
    assert task.vary[0] == "sample"
    assert build_task("token", text) == task


def test_who_says_nothing_varies_in_nothing() -> None:
    assert parse_task("token", task_text(job("align"))).vary == ()


@pytest.mark.parametrize(
    "definition", ["lowpass:3", "arn:aws:batch:eu-west-1:123456789012:job-definition/lowpass:3"]
)
def test_a_definition_with_a_revision_may_vary(definition: str) -> None:
    assert parse_task("token", one(["sample"], jobDefinition=definition)).vary == ("sample",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (one("sample"), 'vary is "sample"; it must be a list'),
        (one([]), "vary has 0 entries; 1 to 20 are allowed"),
        (one([""]), 'vary[0] is ""; it must be a string that is not empty'),
        (one([3]), "vary[0] is 3; it must be a string that is not empty"),
        (one(["sample"] * 2), 'vary has the name "sample" twice'),
        (one(["reads"]), 'vary[0] is "reads", no parameter of the job; there are: panel, sample'),
        (one(["sample"], parameters={}), 'vary[0] is "sample", no parameter of the job; there are: none'),
        (one(["sample"], job("impute")), "vary is for a task of one job, and jobs has 2; leave vary out"),
        (one(["sample"], arrayProperties={"size": 2}), "jobs[0].arrayProperties cannot be had with vary"),
        (one(["sample"], dependsOn=[{"jobId": "x"}]), "jobs[0].dependsOn cannot be had with vary"),
        (one(["sample"], nodeOverrides={}), "jobs[0].nodeOverrides cannot be had with vary"),
        (
            one(["sample"], jobDefinition="lowpass"),
            'jobs[0].jobDefinition is "lowpass"; with vary it must name',
        ),
        (
            one(["sample"], jobDefinition="arn:aws:batch:eu-west-1:1:job-definition/lowpass"),
            "with vary it must name a revision, as in lowpass:3, whose command begins with sluice-row",
        ),
        (
            one(["sample"], containerOverrides={"environment": [{"name": "SLUICE_ROWS", "value": "x"}]}),
            "the variable SLUICE_ROWS is Sluice's own; choose another name",
        ),
        (short(["reads"]), 'vary[0] is "reads", no parameter of the job; there are: sample'),
        (short(["sample"], JobDefinition="lowpass"), 'jobDefinition is "lowpass"; with vary'),
        (task_text(job("align", parameters={"taskArray": "x"})), "taskArray is Sluice's own"),
    ],
)
def test_what_cannot_share_an_array_is_named(text: str, said: str) -> None:
    with pytest.raises(InvalidTaskError) as refused:
        parse_task("token", text)
    assert said in str(refused.value)
