from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.tasks.contract import MAX_JOBS, parse_task
from sluice.tasks.parsing import InvalidTaskError
from tests.support.builders import EXECUTION, job, task_text


def refusal(text: str) -> str:
    with pytest.raises(InvalidTaskError) as caught:
        parse_task("token", text)
    return str(caught.value)


def test_a_task_is_read_with_its_jobs_in_the_order_to_submit_them() -> None:
    task = parse_task(
        "token", task_text(job("impute", "likelihoods"), job("likelihoods", "align"), job("align"))
    )
    assert [spec.name for spec in task.jobs] == ["align", "likelihoods", "impute"]
    assert task.execution_arn == EXECUTION
    assert task.fail_fast


def test_submit_job_arguments_pass_through_untouched() -> None:
    fields: dict[str, Any] = {
        "arrayProperties": {"size": 22},
        "containerOverrides": {"environment": [{"name": "A", "value": "b"}]},
        "retryStrategy": {"attempts": 2},
        "timeout": {"attemptDurationSeconds": 60},
        "tags": {"run": "7"},
        "shareIdentifier": "lab",
        "schedulingPriorityOverride": 3,
        "propagateTags": True,
    }
    (spec,) = parse_task("token", task_text(job("align", **fields))).jobs
    assert {name: spec.request[name] for name in fields} == fields


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", "not JSON"),
        ("[]", "it must be an object"),
        (json.dumps({"jobs": []}), "executionArn is missing"),
        (task_text(), "jobs has 0 entries"),
        (
            task_text(job("a"), executionArn="arn:aws:states:::execution:" + "x" * 3000),
            "must be an execution",
        ),
        (task_text(job("a"), executionArn="mine"), 'executionArn is "mine"; it must be an execution'),
        (task_text(job("a"), failfast=True), "failfast is not a field; did you mean failFast?"),
        (task_text(job("a"), failFast="yes"), 'failFast is "yes"; it must be true or false'),
        (task_text(job("a b")), 'jobs[0].jobName is "a b"'),
        (task_text(job("a" * 112)), "jobs[0].jobName"),
        (task_text(job("a"), job("a")), "jobName 'a' twice"),
        (task_text(job("a", "zz")), 'jobs[0].dependsOn[0] names "zz", no job of this task; there are: a'),
        (task_text(job("a", "b"), job("b", "a")), "in a cycle"),
        (task_text(job("a", "a")), "in a cycle"),
        (task_text(job("a", dependsOn=[{}])), "names no job"),
        (task_text(job("a", dependsOn=[{"jobId": "1", "jobName": "a"}])), "both jobName and jobId"),
        (task_text(job("a", parameters={"taskToken": "x"})), "is Sluice's own"),
        (task_text("align"), 'jobs[0] is "align"; it must be an object'),  # type: ignore[arg-type]  # on purpose
        (task_text(*[job(f"a{i}") for i in range(MAX_JOBS + 1)]), f"1 to {MAX_JOBS} are allowed"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(text: str, said: str) -> None:
    assert said in refusal(text)


def test_a_huge_value_is_shown_cut() -> None:
    assert len(refusal(task_text(job("a", parameters=["x" * 200_000])))) < 300


def test_a_sequential_dependency_needs_no_job() -> None:
    (spec,) = parse_task("token", task_text(job("a", dependsOn=[{"type": "SEQUENTIAL"}]))).jobs
    assert spec.depends_on[0].request == {"type": "SEQUENTIAL"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(
    json_values
    | st.fixed_dictionaries({"executionArn": json_values, "stateName": json_values, "jobs": json_values})
)
def test_no_json_makes_it_fail_in_another_way(value: Any) -> None:
    assert refusal(json.dumps(value))


@given(st.text())
def test_no_text_makes_it_fail_in_another_way(text: str) -> None:
    assert refusal(text)
