from __future__ import annotations

import json
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sluice.runtime.telemetry import task_id
from sluice.tasks.contract import parse_task
from sluice.tasks.model import task_key
from sluice.tasks.submission import job_name, submit_request
from tests.support.builders import job, task_text


@given(st.text(min_size=1, max_size=2048), st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,110}", fullmatch=True))
def test_a_job_name_is_always_one_that_batch_takes(token: str, name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", job_name(token, name))


def test_the_same_submission_has_the_same_name_and_another_has_another() -> None:
    names = {job_name("token", "align"), job_name("token", "impute"), job_name("other", "align")}
    assert len(names) == 3
    assert job_name("token", "align") in names


def test_a_log_name_tells_nothing_of_the_token() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", task_id("secret"))


def test_a_request_carries_the_key_the_name_and_the_ids_that_it_depends_on() -> None:
    text = task_text(
        job("align", parameters={"sample": "NA06989"}),
        job("impute", dependsOn=[{"jobName": "align", "type": "SEQUENTIAL"}, {"jobId": "other"}]),
    )
    align, impute = parse_task("token", text).jobs
    task = parse_task("token", text)
    first = submit_request(task, align, {})
    assert first["parameters"] == {"sample": "NA06989", "taskKey": task_key("token"), "taskJob": "align"}
    assert first["jobName"] == job_name("token", "align")
    assert "dependsOn" not in first
    second = submit_request(task, impute, {"align": "id-1"})
    assert second["dependsOn"] == [{"jobId": "id-1", "type": "SEQUENTIAL"}, {"jobId": "other"}]


def test_a_job_has_the_key_and_not_the_token() -> None:
    token = "AAAAKgAAAAIAAAAAAAAAAQ"
    task = parse_task(token, task_text(job("align"), job("impute", "align")))
    requests = [submit_request(task, each, {"align": "id-1"}) for each in task.jobs]
    assert token not in json.dumps(requests)
    assert {each["parameters"]["taskKey"] for each in requests} == {task.key}
    assert re.fullmatch(r"[0-9a-f]{32}", task.key)


def test_a_task_of_a_former_version_goes_on_under_its_token() -> None:
    task = replace(parse_task("token", task_text(job("align"))), keyed_by_token=True)
    assert task.key == "token"
    parameters = submit_request(task, task.jobs[0], {})["parameters"]
    assert parameters == {"taskToken": "token", "taskJob": "align"}
