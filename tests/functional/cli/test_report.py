"""`sluice report` on an AWS of made-up samples and tasks."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sluice.cohorts.model import Cohort, ExecutionName, Sample, SampleStatus
from sluice.tasks.model import JobRecord, TaskRecord
from sluice_cli.report.reading import EXECUTIONS_AT_ONCE
from tests.functional.cli.fakes import NOW_MS, OUTPUTS, FakeApi, denied, keyed, run, with_cohorts
from tests.support.builders import detail, ended, job, open_record
from tests.support.cohort_fakes import MemoryCohortStore
from tests.support.fakes import MemoryTaskStore

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

WORKFLOW = OUTPUTS["WorkflowArn"]
DEFINITION = {
    "jobDefinitionName": "lowpass",
    "jobDefinitionArn": "arn:aws:batch:us-east-1:0:job-definition/lowpass:1",
    "revision": 1,
    "containerProperties": {
        "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4096"}]
    },
}


def sample(name: str, **fields: Any) -> Sample:
    """A sample that runs."""
    of = ExecutionName("run-42", 1, name)
    given = {"sample": name, "output": f"s3://data/results/{name}"}
    known = Sample("run-42", name, 1, of.arn(WORKFLOW), SampleStatus.RUNNING, json.dumps(given), 1000, 1000)
    return replace(known, **fields)


def task(name: str, *jobs: JobRecord) -> TaskRecord:
    """A task of a sample."""
    arn = ExecutionName("run-42", 1, name).arn(WORKFLOW)
    record = open_record(*(job(each.name) for each in jobs), token=f"token-{name}", executionArn=arn)
    return replace(record, jobs={each.name: each for each in jobs}, created_at=1500)


def an_aws(samples: list[Sample], tasks: list[TaskRecord], **answers: Any) -> FakeApi:
    """An AWS with a cohort of these samples and tasks."""
    own = Cohort("run-42", WORKFLOW, "0", len(samples), 900, 900)
    standard = {
        "cloudformation.describe_stacks": with_cohorts(),
        "batch.describe_jobs": {"jobs": []},
        "batch.describe_job_definitions": {"jobDefinitions": [DEFINITION]},
        "cloudwatch.get_metric_data": {"MetricDataResults": []},
        "stepfunctions.describe_state_machine": {"definition": "{}"},
        "s3.list_objects_v2": {"Contents": []},
    }
    return FakeApi(
        keyed({**standard, **answers}),
        task_table=MemoryTaskStore({each.task.token: each for each in tasks}),
        cohort_table=MemoryCohortStore({own.name: own}, {(own.name, each.name): each for each in samples}),
    )


def embedded(path: Path) -> Any:
    """What a page embeds."""
    found = re.search(r'id="cohort">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return json.loads(found[1])


def reported(api: FakeApi, path: Path, *arguments: str) -> Any:
    """Runs `sluice report`, and returns what its page embeds."""
    result: Result = run(api, "report", "run-42", "--html", str(path), *arguments)
    assert result.exit_code == 0, result.output
    return embedded(path)


def of_job(found: Any, column: str) -> Any:
    """A cell of the only job."""
    (value,) = found["jobs"][column]
    return (
        found["names"][value]
        if column in {"name", "status", "error", "reason"} and value is not None
        else value
    )


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.html"


def test_the_page_holds_the_cohort_s_samples_and_jobs(page: Path) -> None:
    align = ended("align", "id-1", createdAt=2000, startedAt=3000, stoppedAt=9000)
    one = sample("NA06989", status=SampleStatus.SUCCEEDED, stopped_at=9500)
    api = an_aws([one, sample("NA06990")], [task("NA06989", align)])
    found = reported(api, page)
    assert found["samples"]["name"] == ["NA06989", "NA06990"]
    assert found["samples"]["stopped"] == [8500, None]
    times = [of_job(found, each) for each in ("ready", "taken", "submitted", "started", "stopped")]
    assert times == [0, 500, 1000, 2000, 8000]
    assert [of_job(found, each) for each in ("vcpus", "memoryMib", "attempts")] == [2.0, 4096, 1]
    assert (found["ratePerSecond"], found["quotaPerSecond"]) == (49.0, 50)


def test_the_command_says_what_it_wrote_and_where(page: Path) -> None:
    result = run(an_aws([sample("NA06989")], []), "report", "run-42", "--html", str(page))
    assert result.stdout == f"{page}: 1 samples, 0 jobs\n"


def test_batch_is_asked_only_about_jobs_that_have_not_ended(page: Path) -> None:
    running = detail("id-2", "RUNNING", createdAt=2000, startedAt=2500, stoppedAt=None)
    of_it = task("NA06989", ended("align", "id-1"), JobRecord("impute", "id-2"))
    api = an_aws([sample("NA06989")], [of_it], **{"batch.describe_jobs": {"jobs": [running]}})
    found = reported(api, page)
    asked = [arguments for _, operation, arguments in api.calls if operation == "describe_jobs"]
    assert asked == [{"jobs": ["id-2"]}]
    assert [found["names"][number] for number in found["jobs"]["status"]] == ["SUCCEEDED", "RUNNING"]
    assert found["jobs"]["started"][1] == 1500


def test_the_jobs_of_every_sample_are_read_however_many_there_are(page: Path) -> None:
    names = [f"NA{number:03}" for number in range(EXECUTIONS_AT_ONCE + 5)]
    tasks = [task(name, JobRecord("align")) for name in names]
    found = reported(an_aws([sample(name) for name in names], tasks), page)
    assert sorted(found["jobs"]["sample"]) == list(range(EXECUTIONS_AT_ONCE + 5))


def test_when_earlier_attempts_ran_is_asked_of_batch_and_told(page: Path) -> None:
    attempts = [{"startedAt": 2000, "stoppedAt": 2600}, {"startedAt": 3000, "stoppedAt": 9000}]
    twice = detail("id-1", attempts=attempts)
    api = an_aws(
        [sample("NA06989")],
        [task("NA06989", ended("align", "id-1", attempts=attempts))],
        **{"batch.describe_jobs": {"jobs": [twice]}},
    )
    assert reported(api, page)["ofSomeJobs"]["earlier"] == {"0": [[1000, 1600]]}


def test_the_jobs_of_an_earlier_attempt_at_a_sample_are_there_and_count_as_repeated(page: Path) -> None:
    arns = [ExecutionName("run-42", number, "NA06989").arn(WORKFLOW) for number in (1, 2)]
    tasks = [
        replace(
            open_record(job("align"), token=f"token-{number}", executionArn=arn),
            jobs={"align": ended("align", f"id-{number}", status)},
            created_at=1500 + number,
        )
        for number, arn, status in zip((1, 2), arns, ("FAILED", "SUCCEEDED"), strict=True)
    ]
    again = sample("NA06989", attempt=2, execution_arn=arns[1], status=SampleStatus.SUCCEEDED)
    found = reported(an_aws([again], tasks), page)["jobs"]
    assert (found["attempt"], found["superseded"]) == ([1, 2], [1, 0])


def test_the_children_of_an_array_are_asked_for_and_counted(page: Path) -> None:
    asked = job("scatter", arrayProperties={"size": 2})
    record = replace(
        open_record(asked, token="t", executionArn=ExecutionName("run-42", 1, "NA06989").arn(WORKFLOW)),
        jobs={"scatter": ended("scatter", "id-1", startedAt=None, container={})},
    )
    summaries = [
        {"arrayProperties": {"index": index}, "status": "SUCCEEDED", "startedAt": 2000, "stoppedAt": 2900}
        for index in (1, 0)
    ]

    statuses = []

    def list_jobs(**arguments: Any) -> dict[str, Any]:
        statuses.append(arguments["jobStatus"])
        return {"jobSummaryList": summaries if arguments["jobStatus"] == "SUCCEEDED" else []}

    found = reported(an_aws([sample("NA06989")], [record], **{"batch.list_jobs": list_jobs}), page)
    assert found["ofSomeJobs"]["array"] == {"0": {"size": 2, "failed": 0, "billedSeconds": 120}}
    assert found["jobs"]["started"] == [2000 - found["zeroMs"]]
    assert statuses == ["SUCCEEDED"]  # an array that succeeded has no others


def test_the_cause_of_a_sample_that_failed_without_a_job_is_asked_for(page: Path) -> None:
    invalid = sample("NA06989", status=SampleStatus.FAILED, error="Task.Invalid", stopped_at=2000)
    described = {
        "executionArn": invalid.execution_arn,
        "name": "e",
        "status": "FAILED",
        "startDate": datetime.fromtimestamp(1, UTC),
        "cause": json.dumps({"reason": "jobs[0] has no jobQueue"}),
    }
    other = sample("NA06990", status=SampleStatus.FAILED, error="Job.Failed", stopped_at=2000)
    api = an_aws(
        [invalid, other],
        [task("NA06990", ended("align", "id-1", "FAILED"))],
        **{"stepfunctions.describe_execution": described},
    )
    found = reported(api, page)
    reasons = [number if number is None else found["names"][number] for number in found["samples"]["reason"]]
    assert reasons == ["jobs[0] has no jobQueue", None]
    asked = [arguments for _, operation, arguments in api.calls if operation == "describe_execution"]
    assert asked == [{"executionArn": invalid.execution_arn}]


def test_the_jobs_of_executions_inside_are_their_sample_s(page: Path) -> None:
    inner = "arn:aws:states:us-east-1:000000000000:execution:inner:1"
    one = sample("NA06989")
    histories = {
        one.execution_arn: [
            {
                "id": 1,
                "type": "TaskSubmitted",
                "timestamp": datetime.fromtimestamp(1, UTC),
                "taskSubmittedEventDetails": {
                    "resource": "startExecution.sync",
                    "output": json.dumps({"ExecutionArn": inner}),
                },
            }
        ],
        inner: [],
    }
    nested = replace(
        open_record(job("inside"), token="t", executionArn=inner), jobs={"inside": ended("inside", "id-1")}
    )
    definition = json.dumps({"Resource": "arn:aws:states:::states:startExecution.sync"})
    api = an_aws(
        [one],
        [nested],
        **{
            "stepfunctions.describe_state_machine": {"definition": definition},
            "stepfunctions.get_execution_history": lambda **asked: {
                "events": histories[asked["executionArn"]]
            },
        },
    )
    found = reported(api, page)
    assert (found["jobs"]["sample"], of_job(found, "name")) == ([0], "inside")


@pytest.mark.parametrize("operation", ["describe_state_machine", "get_execution_history"])
def test_a_report_that_may_not_see_the_jobs_inside_is_refused_and_not_written_without_them(
    page: Path, operation: str
) -> None:
    definition = json.dumps({"Resource": "arn:aws:states:::states:startExecution.sync"})
    answers = {
        "stepfunctions.describe_state_machine": {"definition": definition},
        "stepfunctions.get_execution_history": {"events": []},
        f"stepfunctions.{operation}": denied("states"),
    }
    result = run(an_aws([sample("NA06989")], [], **answers), "report", "run-42", "--html", str(page))
    assert (result.exit_code, page.exists()) == (3, False)
    assert "AWS refused states" in result.stderr


def metric(name: str, *values: float) -> dict[str, Any]:
    """One result of GetMetricData."""
    return {"Id": name, "Values": list(values), "Timestamps": [datetime.fromtimestamp(60, UTC)] * len(values)}


@pytest.mark.parametrize(
    ("results", "total"),
    [
        ([metric("jobssubmitted", 4), metric("submitthrottled", 2, 1)], 3),
        ([metric("jobssubmitted", 4), metric("submitthrottled")], 0),
        ([metric("jobssubmitted"), metric("submitthrottled")], None),
    ],
)
def test_no_word_of_429s_is_good_news_only_where_submissions_are_told_of(
    results: list[dict[str, Any]], total: int | None, page: Path
) -> None:
    answers = {"cloudwatch.get_metric_data": {"MetricDataResults": results}}
    found = reported(an_aws([sample("NA06989")], [], **answers), page)["throttled"]
    assert (found and found["total"]) == total


def test_what_cloudwatch_has_not_told_of_yet_is_not_said_to_be_counted(page: Path) -> None:
    answers = {"cloudwatch.get_metric_data": {"MetricDataResults": [metric("jobssubmitted", 1)]}}
    tasks = [task("NA06989", ended("align", "id-1"), ended("impute", "id-2"))]
    assert reported(an_aws([sample("NA06989")], tasks, **answers), page)["throttled"]["isWhole"] is False


def test_metrics_are_asked_for_from_the_cohort_s_begin_to_its_end_as_fine_as_they_are_kept(
    page: Path,
) -> None:
    over = sample("NA06989", status=SampleStatus.SUCCEEDED, stopped_at=9_000)
    api = an_aws([over], [])
    api.cohort_table.cohorts["run-42"] = replace(  # type: ignore[attr-defined] # the store is one in memory
        api.cohort_table.cohorts["run-42"],  # type: ignore[attr-defined]
        counts={SampleStatus.SUCCEEDED: 1},
    )
    reported(api, page)
    (asked,) = [arguments for _, operation, arguments in api.calls if operation == "get_metric_data"]
    times = [asked[name].timestamp() for name in ("StartTime", "EndTime")]
    assert times == [0.9, 309.0]
    assert {each["MetricStat"]["Period"] for each in asked["MetricDataQueries"]} == {3600}


def test_links_lead_to_aws_s_console_but_from_local_aws(page: Path) -> None:
    assert reported(an_aws([sample("NA06989")], []), page)["console"]["executionArns"].endswith(":workflow:")
    local = replace(an_aws([sample("NA06989")], []), endpoint_url="http://127.0.0.1:4566")
    assert reported(local, page)["console"] is None


def test_who_may_not_read_metrics_gets_a_page_without_them(page: Path) -> None:
    api = an_aws([sample("NA06989")], [], **{"cloudwatch.get_metric_data": denied("GetMetricData")})
    assert reported(api, page)["throttled"] is None


def accuracy(name: str, r2: float) -> str:
    """A report of `lowpass accuracy`."""
    common = {"lower": 0.05, "upper": 0.5, "sites": 10, "r2": r2}
    return json.dumps({"samples": {name: {"common": common, "bins": [common]}}})


def test_reports_of_accuracy_beside_the_results_are_found(page: Path) -> None:
    key = "results/NA06989/NA06989.accuracy.json"
    answers = {
        "s3.list_objects_v2": {"Contents": [{"Key": key}, {"Key": "results/NA06989/NA06989.bam"}]},
        "s3.get_object": lambda **_: {"Body": io.BytesIO(accuracy("NA06989", 0.9).encode())},
    }
    api = an_aws([sample("NA06989"), sample("NA06990")], [], **answers)
    assert reported(api, page)["accuracy"]["NA06989"]["common"] == 0.9
    asked = [arguments for _, operation, arguments in api.calls if operation == "list_objects_v2"]
    assert asked == [{"Bucket": "data", "Prefix": "results/"}]


def test_a_named_report_of_accuracy_counts_more_than_one_that_is_found(page: Path, tmp_path: Path) -> None:
    named = tmp_path / "accuracy.json"
    named.write_text(accuracy("NA06989", 0.8))
    api = an_aws([sample("NA06989")], [], **{"s3.list_objects_v2": denied("ListObjectsV2")})
    assert reported(api, page, "--accuracy", str(named))["accuracy"]["NA06989"]["common"] == 0.8


def test_a_named_report_that_is_none_is_told_of(tmp_path: Path) -> None:
    named = tmp_path / "accuracy.json"
    result = run(an_aws([], []), "report", "run-42", "--accuracy", str(named))
    assert result.exit_code == 2
    assert f"--accuracy {named}: " in result.stderr


def test_an_unknown_cohort_is_told_of() -> None:
    result = run(an_aws([], []), "report", "run-43")
    assert (result.exit_code, "no cohort 'run-43'" in result.stderr) == (2, True)


def test_a_place_where_nothing_can_be_written_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "none" / "page.html"
    result = run(an_aws([sample("NA06989")], []), "report", "run-42", "--html", str(path))
    assert (result.exit_code, f"--html {path}: No such file" in result.stderr) == (2, True)


def test_the_time_of_the_page_is_the_command_s(page: Path) -> None:
    found = reported(an_aws([sample("NA06989")], []), page)
    assert found["zeroMs"] + found["seenMs"] == NOW_MS
