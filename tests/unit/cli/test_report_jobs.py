"""What a report makes of task items and job definitions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sluice.tasks.model import JobRecord, TaskState
from sluice_cli.aws.arrays import Child
from sluice_cli.report.facts import Array, Resources, SampleFacts
from sluice_cli.report.jobs import Remembered, definition_names, jobs_of
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
    found = jobs_of(SAMPLE, [second, first], Remembered())
    assert [(each.name, each.ready_ms, each.taken_ms, each.submitted_ms) for each in found] == [
        ("align", 500, 600, 700),
        ("impute", 2000, 2300, 2400),
    ]


def test_a_job_that_needs_another_waits_for_a_place_only_from_that_one_s_end_on() -> None:
    times = {"align": (700, 800, 2000), "impute": (720, 2100, 3000)}
    record = task(job("align"), job("impute", "align"), at=600, ends=times)
    align, impute = jobs_of(SAMPLE, [record], Remembered())
    assert (align.runnable_ms, impute.ready_ms, impute.runnable_ms) == (700, 500, 2000)


def test_while_a_needed_job_runs_nobody_knows_when_the_other_can() -> None:
    record = task(job("align"), job("impute", "align"), at=600, ends={})
    submitted = {name: replace(each, job_id=f"id-{name}") for name, each in record.jobs.items()}
    _, impute = jobs_of(SAMPLE, [replace(record, jobs=submitted)], Remembered())
    assert (impute.submitted_ms, impute.runnable_ms, impute.status) == (600, None, None)


def test_a_clock_that_is_ahead_makes_no_wait_longer_than_nothing() -> None:
    found = jobs_of(replace(SAMPLE, started_ms=900), [task(job("align"), at=600, ends={})], Remembered())
    assert [each.ready_ms for each in found] == [600]


def of_state(name: str, at: int, state: TaskState, parameters: dict[str, Any], **fields: Any) -> TaskRecord:
    """A task of a state that asks for one job."""
    record = open_record(job("align", parameters=parameters, **fields), token=f"{name}-{at}", stateName=name)
    return replace(record, created_at=at, state=state)


def flags(*tasks: TaskRecord, attempt: int | None = None) -> list[tuple[bool, bool]]:
    found = jobs_of(replace(SAMPLE, attempt=2), list(tasks), Remembered(), attempt=attempt)
    return [(each.is_again, each.is_superseded) for each in found]


def test_a_try_with_more_memory_repeats_the_one_that_failed() -> None:
    more = {"containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "8192"}]}}
    less = {"containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "4096"}]}}
    failed = of_state("Align", 10, TaskState.FAILED, {"chunk": "1"}, **less)
    again = of_state("Align", 20, TaskState.SUCCEEDED, {"chunk": "1"}, **more)
    assert flags(failed, again) == [(False, True), (True, False)]


def test_iterations_of_a_map_repeat_nothing_and_neither_does_what_comes_after_a_success() -> None:
    iterations = [of_state("Call", at, TaskState.SUCCEEDED, {"chunk": str(at)}) for at in range(10, 76)]
    assert flags(*iterations) == [(False, False)] * 66
    failed = of_state("Call", 10, TaskState.FAILED, {"chunk": "1"})
    other = of_state("Call", 20, TaskState.SUCCEEDED, {"chunk": "2"})
    assert flags(failed, other) == [(False, False)] * 2
    once_more = [of_state("Poll", at, TaskState.SUCCEEDED, {}) for at in (10, 20)]
    assert flags(*once_more) == [(False, False)] * 2


def stopped(record: TaskRecord, at: int | None) -> TaskRecord:
    """The task with its job submitted and, if a time is given, stopped."""
    known = (
        replace(record.jobs["align"], job_id="id", status="RUNNING")
        if at is None
        else ended("align", "id", "FAILED" if record.state is not TaskState.SUCCEEDED else "SUCCEEDED")
    )
    return replace(record, jobs={"align": replace(known, stopped_at=at)})


@pytest.mark.parametrize("end", [900, None])
def test_an_iteration_that_is_stopped_as_the_map_fails_was_not_tried_again_by_those_it_outlives(
    end: int | None,
) -> None:
    slow = stopped(of_state("Call", 10, TaskState.ABANDONED, {"code": "0"}), end)
    quick = [
        stopped(of_state("Call", at, TaskState.SUCCEEDED, {"code": "0"}), at + 100) for at in (11, 200, 400)
    ]
    assert flags(slow, *quick) == [(False, False)] * 4


@pytest.mark.parametrize(
    "job",
    [
        JobRecord("align"),
        replace(ended("align", "id", "FAILED"), stopped_at=None),  # of a job that never ran
        replace(ended("align", "id", "SUCCEEDED"), stopped_at=50),  # told after the task was abandoned
    ],
    ids=["never submitted", "never ran", "succeeded too late"],
)
def test_an_iteration_that_ended_with_its_map_and_did_not_fail_was_not_tried_again(job: JobRecord) -> None:
    waiting = replace(of_state("Call", 10, TaskState.ABANDONED, {"code": "0"}), jobs={"align": job})
    quick = stopped(of_state("Call", 11, TaskState.SUCCEEDED, {"code": "0"}), 100)
    assert flags(waiting, quick) == [(False, False)] * 2


def test_a_try_that_timed_out_is_repeated_by_the_one_after_it_though_its_job_is_stopped_only_then() -> None:
    timed_out = stopped(of_state("Align", 10, TaskState.ABANDONED, {}), 260)
    again = of_state("Align", 200, TaskState.OPEN, {})
    assert flags(timed_out, stopped(again, None)) == [(False, True), (True, False)]
    over = stopped(replace(again, state=TaskState.SUCCEEDED), 500)
    assert flags(timed_out, over) == [(False, True), (True, False)]


def test_a_try_after_two_that_ran_side_by_side_repeats_the_one_that_had_ended() -> None:
    slow = stopped(of_state("Call", 10, TaskState.ABANDONED, {}), 900)
    quick = stopped(of_state("Call", 11, TaskState.FAILED, {}), 100)
    again = stopped(of_state("Call", 120, TaskState.SUCCEEDED, {}), 300)
    assert flags(slow, quick, again) == [(False, False), (False, True), (True, False)]


def test_the_jobs_of_an_earlier_attempt_at_the_sample_are_superseded() -> None:
    assert flags(of_state("Align", 10, TaskState.FAILED, {}), attempt=1) == [(False, True)]


def test_an_array_has_the_times_and_the_seconds_of_its_children_and_the_word_of_the_one_that_failed() -> None:
    asked = job("scatter", arrayProperties={"size": 3})
    record = replace(open_record(asked, token="t"), created_at=600)
    parent = ended("scatter", "id", "FAILED", createdAt=700, startedAt=None, stoppedAt=95_000, container={})
    children = [
        Child(0, "SUCCEEDED", 1_000, 91_000, 0),
        Child(1, "FAILED", 2_000, 3_000, 4, "Essential container in task exited"),
        Child(2, "SUCCEEDED", 1_500, 61_600, 0),
    ]
    known = Remembered(children={"id": children})
    (found,) = jobs_of(SAMPLE, [replace(record, jobs={"scatter": parent})], known)
    assert (found.started_ms, found.stopped_ms, found.exit_code) == (1_000, 95_000, 4)
    assert found.reason == "child 1 of 3: Essential container in task exited"
    assert found.array == Array(3, 1, 90 + 60 + 61)
    (forgotten,) = jobs_of(SAMPLE, [replace(record, jobs={"scatter": parent})], Remembered())
    assert forgotten.array == Array(3, 0, None)


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
