"""What botocore's model of Batch has against a request, before any call."""

from __future__ import annotations

import copy
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from sluice.aws.batch import MAX_COMPLAINT, submit_job_complaint
from tests.support.builders import World, job
from tests.support.fakes import BATCH_MODEL


def complaint(**fields: Any) -> str | None:
    return submit_job_complaint(BATCH_MODEL, job("align", **fields))


def test_a_request_that_submit_job_takes_is_not_complained_of() -> None:
    assert complaint(parameters={"sample": "NA06989"}, timeout={"attemptDurationSeconds": 60}) is None


def test_a_huge_value_is_cut_in_the_middle_between_the_fields_name_and_what_is_allowed() -> None:
    said = complaint(timeout=["\N{SNOWMAN}" * 200_000]) or ""
    assert said.startswith("Invalid type for parameter timeout, value: ['\\u2603")
    assert said.endswith("type: <class 'list'>, valid types: <class 'dict'>")
    assert len(said) <= MAX_COMPLAINT + len(" … ")


def test_all_that_is_wrong_with_a_job_is_said_at_once() -> None:
    said = complaint(timeout=[], parameters={"depth": 4}) or ""
    assert [line.partition(",")[0] for line in said.splitlines()] == [
        "Invalid type for parameter timeout",
        "Invalid type for parameter parameters.depth",
    ]


def test_a_value_that_is_too_deep_to_be_shown_is_complained_of_all_the_same() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert complaint(timeout=deep) == "a value is nested deeper than anything that SubmitJob takes"


def test_a_field_that_a_later_botocore_knows_is_taken_at_once() -> None:
    assert "Unknown parameter" in (complaint(colour="blue") or "")
    later = copy.deepcopy(Loader().load_service_model("batch", "service-2"))
    later["shapes"]["SubmitJobRequest"]["members"]["colour"] = {"shape": "String"}
    assert submit_job_complaint(ServiceModel(later, "batch"), job("align", colour="blue")) is None


def test_of_a_task_whose_third_job_is_wrong_nothing_is_written_or_submitted() -> None:
    world = World()
    world.take("token", job("align"), job("impute", "align"), job("merge", colour="blue"))
    (outcome,) = world.activities.outcomes["token"]
    assert '"jobs[2]: Unknown parameter in input' in repr(outcome)
    assert world.store.records == {}
    assert world.batch.calls == {}
