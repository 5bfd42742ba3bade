"""What botocore's model of Batch has against a request, before any call."""

from __future__ import annotations

import copy
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from sluice.aws.complaints import MAX_COMPLAINT, submit_job_complaint
from tests.support.builders import World, job
from tests.support.fakes import BATCH_MODEL


def complaint(**fields: Any) -> str | None:
    return submit_job_complaint(BATCH_MODEL, job("align", **fields))


def test_a_request_that_submit_job_takes_is_not_complained_of() -> None:
    assert complaint(parameters={"sample": "NA06989"}, timeout={"attemptDurationSeconds": 60}) is None


def test_a_huge_value_is_cut_between_the_fields_name_and_what_is_allowed() -> None:
    said = complaint(timeout=["\N{SNOWMAN}" * 200_000]) or ""
    assert said.startswith('timeout is ["\\u2603')
    assert said.endswith("…; it must be an object")


def test_all_that_is_wrong_with_a_job_is_said_at_once_in_the_words_of_json() -> None:
    assert (complaint(timeout=[], parameters={"depth": 4}) or "").splitlines() == [
        "timeout is []; it must be an object",
        "parameters.depth is 4; it must be a string",
    ]
    assert complaint(containerOverrides={"Environment": []}) == (
        "containerOverrides.Environment is not a field; did you mean environment?"
    )


def test_of_many_complaints_the_first_and_the_last_are_kept() -> None:
    said = complaint(parameters={f"p{number:03}": number for number in range(200)}) or ""
    assert len(said) <= MAX_COMPLAINT + len(" … ")
    assert said.startswith("parameters.p000 is 0; ")
    assert said.endswith("parameters.p199 is 199; it must be a string")


def test_a_value_that_is_very_deep_is_shown_as_far_as_there_is_room() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    said = complaint(timeout=deep) or ""
    assert said.startswith("timeout is [[[[")
    assert len(said) < 200


def test_a_field_that_a_later_botocore_knows_is_taken_at_once() -> None:
    assert "colour is not a field" in (complaint(colour="blue") or "")
    later = copy.deepcopy(Loader().load_service_model("batch", "service-2"))
    later["shapes"]["SubmitJobRequest"]["members"]["colour"] = {"shape": "String"}
    assert submit_job_complaint(ServiceModel(later, "batch"), job("align", colour="blue")) is None


def test_of_a_task_whose_third_job_is_wrong_nothing_is_written_or_submitted() -> None:
    world = World()
    world.take("token", job("align"), job("impute", "align"), job("merge", colour="blue"))
    (outcome,) = world.activities.outcomes["token"]
    assert '"jobs[2]: colour is not a field' in repr(outcome)
    assert world.store.records == {}
    assert world.batch.calls == {}
