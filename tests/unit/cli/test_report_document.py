"""What the page of a report embeds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sluice_cli.report.accuracy import NoAccuracyError, read_accuracy
from sluice_cli.report.console import console_of
from sluice_cli.report.document import document
from sluice_cli.report.facts import Accuracy, Array, FrequencyBin, Resources, Throttling
from sluice_cli.report.render import render_report
from tests.browser.cohorts import START_MS, made_up_cohort

FACTS = made_up_cohort(6)


def test_times_begin_with_the_cohort_and_names_are_numbers() -> None:
    found = document(FACTS)
    assert found["zeroMs"] == START_MS + 10
    assert found["samples"]["started"] == [0, 10, 20, 30, 40, 50]
    assert found["samples"]["name"] == [sample.name for sample in FACTS.samples]
    names = [found["names"][number] for number in found["jobs"]["name"]]
    assert names == [job.name for job in FACTS.jobs]
    whose = [FACTS.samples[number].name for number in found["jobs"]["sample"]]
    assert whose == [job.sample for job in FACTS.jobs]
    assert found["jobs"]["stopped"] == [(job.stopped_ms or 0) - found["zeroMs"] for job in FACTS.jobs]


def test_a_cohort_of_which_nothing_has_started_has_a_page_too() -> None:
    facts = replace(FACTS, samples=(), jobs=(), accuracy={}, throttling=None)
    found = document(facts)
    assert (found["seenMs"], found["samples"]["name"], found["throttled"]) == (0, [], None)
    assert "Cohort run-42" in render_report(facts)


def test_only_the_prices_that_the_jobs_ask_for_are_shown() -> None:
    def keys(*architectures: str | None) -> list[str]:
        jobs = [replace(FACTS.jobs[0], resources=Resources(1, 1, each)) for each in architectures]
        return [price["key"] for price in document(replace(FACTS, jobs=tuple(jobs)))["prices"]]

    always = ["transitions", "writes", "handling"]
    assert keys("ARM64", None) == ["vcpuARM64", "gibARM64", *always]
    assert keys(None) == ["vcpuX86_64", "gibX86_64", *always]
    assert keys("ARM64", "X86_64")[:4] == ["vcpuX86_64", "gibX86_64", "vcpuARM64", "gibARM64"]


def test_answers_with_429_are_told_by_minute_and_in_all() -> None:
    throttling = Throttling(((START_MS + 60_010, 3), (START_MS + 120_010, 2)))
    found = document(replace(FACTS, throttling=throttling))["throttled"]
    assert found == {
        "total": 5,
        "isWhole": True,
        "periodMs": 60_000,
        "perPeriod": [[60_000, 3], [120_000, 2]],
    }


def test_what_few_jobs_have_is_told_by_their_place() -> None:
    earlier = replace(FACTS.jobs[1], earlier=((START_MS + 20, START_MS + 40),))
    scattered = replace(FACTS.jobs[2], array=Array(4, 1, 240))
    failed = replace(FACTS.jobs[3], error="Job.Failed", log_group="/jobs", log_stream="align/1")
    jobs = (FACTS.jobs[0], earlier, scattered, failed)
    assert document(replace(FACTS, jobs=jobs))["ofSomeJobs"] == {
        "earlier": {1: [[10, 30]]},
        "array": {2: {"size": 4, "failed": 1, "billedSeconds": 240}},
        "log": {3: ["/jobs", "align/1"]},
    }


@pytest.mark.parametrize(
    ("partition", "region", "domain"),
    [
        ("aws", "eu-west-1", "console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
def test_the_console_is_that_of_the_workflow_s_partition_and_region(
    partition: str, region: str, domain: str
) -> None:
    found = console_of(f"arn:{partition}:states:{region}:111122223333:stateMachine:wgs:7")
    assert found is not None
    assert found.executions.startswith(f"https://{region}.{domain}/states/home?region={region}#")
    assert found.execution_arns == f"arn:{partition}:states:{region}:111122223333:execution:wgs:"
    assert console_of(f"arn:aws-iso:states:{region}:111122223333:stateMachine:wgs") is None


def test_1800_samples_of_three_jobs_are_less_than_a_megabyte() -> None:
    assert len(json.dumps(document(made_up_cohort(1800)))) < 1_000_000


def test_nothing_in_a_name_can_leave_the_page_s_data() -> None:
    sample = replace(FACTS.samples[0], name="</script><b>", error="<i>")
    jobs = tuple(replace(job, sample=sample.name) for job in FACTS.jobs if job.sample == "NA00001")
    page = render_report(replace(FACTS, samples=(sample,), jobs=jobs, cohort="<u>"))
    assert "</script><b>" not in page
    assert "<u>" not in page


def test_a_report_of_lowpass_accuracy_is_read_bin_by_bin() -> None:
    common = {"lower": 0.05, "upper": 0.5, "sites": 7331, "r2": 0.94}
    rare = {"lower": 0.0, "upper": 0.005, "sites": 12, "r2": None}
    text = json.dumps({"samples": {"NA06989": {"common": common, "bins": [rare, common]}}})
    frequent = FrequencyBin(0.05, 0.5, 0.94)
    assert read_accuracy(text) == {
        "NA06989": Accuracy(frequent, (FrequencyBin(0.0, 0.005, None), frequent)),
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"samples": {"NA06989": {"bins": []}}}'])
def test_what_is_no_report_of_lowpass_accuracy_is_refused(text: str) -> None:
    with pytest.raises(NoAccuracyError, match="not a report of `lowpass accuracy`"):
        read_accuracy(text)
