"""What a report makes of task items and job definitions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sluice_cli.report.facts import Resources, SampleFacts
from sluice_cli.report.jobs import definition_names, jobs_of
from sluice_cli.report.resources import newest, resources_of
from tests.support.builders import ended, job, open_record

if TYPE_CHECKING:
    from sluice.tasks.model import TaskRecord

SAMPLE = SampleFacts("NA06989", 1, "SUCCEEDED", 500, 9000)


def task(*jobs: dict[str, Any], at: int, ends: dict[str, tuple[int, int, int]]) -> TaskRecord:
    """A task taken at a time, whose jobs were created, started and stopped when `ends` says."""
    record = open_record(*jobs, token=f"token-{at}")
    known = {
        name: ended(name, f"id-{name}", createdAt=created, startedAt=started, stoppedAt=stopped)
        for name, (created, started, stopped) in ends.items()
    }
    return replace(record, created_at=at, jobs={**record.jobs, **known})


def test_a_sample_s_first_job_is_ready_when_it_starts_and_the_next_when_the_task_before_has_ended() -> None:
    first = task(job("align"), at=600, ends={"align": (700, 800, 2000)})
    second = task(job("impute"), at=2300, ends={"impute": (2400, 2500, 8000)})
    found = jobs_of(SAMPLE, [second, first], {})
    assert [(each.name, each.ready_ms, each.taken_ms, each.submitted_ms) for each in found] == [
        ("align", 500, 600, 700),
        ("impute", 2000, 2300, 2400),
    ]


def test_a_job_that_needs_another_waits_for_a_place_only_from_that_one_s_end_on() -> None:
    times = {"align": (700, 800, 2000), "impute": (720, 2100, 3000)}
    record = task(job("align"), job("impute", "align"), at=600, ends=times)
    align, impute = jobs_of(SAMPLE, [record], {})
    assert (align.runnable_ms, impute.ready_ms, impute.runnable_ms) == (700, 500, 2000)


def test_while_a_needed_job_runs_nobody_knows_when_the_other_can() -> None:
    record = task(job("align"), job("impute", "align"), at=600, ends={})
    submitted = {name: replace(each, job_id=f"id-{name}") for name, each in record.jobs.items()}
    _, impute = jobs_of(SAMPLE, [replace(record, jobs=submitted)], {})
    assert (impute.submitted_ms, impute.runnable_ms, impute.status) == (600, None, None)


def test_a_clock_that_is_ahead_makes_no_wait_longer_than_nothing() -> None:
    found = jobs_of(replace(SAMPLE, started_ms=900), [task(job("align"), at=600, ends={})], {})
    assert [each.ready_ms for each in found] == [600]


def test_the_definitions_that_jobs_name_are_asked_for_once_each() -> None:
    records = [task(job("align"), job("impute"), at=1, ends={}), task(job("align"), at=2, ends={})]
    assert definition_names(records) == {"lowpass"}


def definition(revision: int, vcpus: str = "1", **platform: str) -> dict[str, Any]:
    """A definition as DescribeJobDefinitions tells it."""
    return {
        "jobDefinitionName": "lowpass",
        "jobDefinitionArn": f"arn:aws:batch:eu-west-1:1:job-definition/lowpass:{revision}",
        "revision": revision,
        "containerProperties": {
            "resourceRequirements": [
                {"type": "VCPU", "value": vcpus},
                {"type": "MEMORY", "value": "2048"},
            ],
            **({"runtimePlatform": platform} if platform else {}),
        },
    }


def test_a_definition_is_found_by_its_arn_by_its_revision_and_the_newest_by_its_name() -> None:
    found = newest([definition(10, "4"), definition(9, "2")])
    arn = "arn:aws:batch:eu-west-1:1:job-definition/lowpass"
    revisions = {name: found[name]["revision"] for name in (arn, f"{arn}:9", "lowpass:10", "lowpass")}
    assert revisions == {arn: 10, f"{arn}:9": 9, "lowpass:10": 10, "lowpass": 10}


@pytest.mark.parametrize(
    ("given", "request_", "expected"),
    [
        (definition(1), {}, Resources(1.0, 2048, "X86_64")),
        (definition(1, cpuArchitecture="ARM64"), {}, Resources(1.0, 2048, "ARM64")),
        (
            definition(1, "0.25"),
            {"containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "8192"}]}},
            Resources(0.25, 8192, "X86_64"),
        ),
        (definition(1), {"containerOverrides": {"vcpus": 8, "memory": 512}}, Resources(8.0, 512, "X86_64")),
        (definition(1, "Ref::cpus"), {}, Resources(None, 2048, "X86_64")),
        (None, {}, Resources()),
    ],
)
def test_what_a_submission_asks_for_counts_more_than_its_definition(
    given: dict[str, Any] | None, request_: dict[str, Any], expected: Resources
) -> None:
    assert resources_of(given, request_) == expected
