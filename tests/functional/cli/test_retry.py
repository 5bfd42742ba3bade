"""`sluice retry` on an AWS in memory: which samples, with which inputs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sluice.cohorts.model import SampleStatus
from tests.functional.cli.cohort_aws import OTHER, CohortAws, cohort_of, request
from tests.functional.cli.fakes import document, run

if TYPE_CHECKING:
    from pathlib import Path

FAILED, SUCCEEDED = SampleStatus.FAILED, SampleStatus.SUCCEEDED


def test_retry_starts_the_failed_samples_and_no_others() -> None:
    aws = cohort_of("NA1", "NA2")
    aws.end(["NA1"], FAILED, "Job.Failed")
    result = run(aws.api(), "retry", "run-42")
    assert (result.exit_code, request(aws)) == (0, {"cohort": "run-42", "only": "failed"})
    assert result.stdout.startswith("Cohort run-42: 1 sample started again.")


def failed_cohort(**inputs: dict[str, Any]) -> CohortAws:
    """An AWS with a cohort of samples that failed, each with its input."""
    aws = cohort_of(*inputs, workflow_arn=OTHER[1])
    for name, fields in inputs.items():
        text = json.dumps({"sample": name, **fields, "cohort": "run-42"}, separators=(",", ":"))
        aws.table.items["run-42", name] = replace(aws.table.items["run-42", name], input=text)
    aws.end(inputs, FAILED, "Job.Failed")
    return aws


def retried(aws: CohortAws) -> list[dict[str, Any]]:
    """The rows that were put into the bucket for a retry."""
    (put,) = aws.put
    assert request(aws)["sheet"] == {"bucket": "data", "key": put["Key"], "format": "jsonl"}
    return [json.loads(line) for line in put["Body"].decode().splitlines()]


def test_a_mended_sheet_gives_failed_samples_their_inputs_and_what_differs_is_named(tmp_path: Path) -> None:
    mended = tmp_path / "mended.csv"
    mended.write_text("sample,reads,depth\nNA1,right,\nNA2,b,\nNA3,other,\nNA9,new,\n")
    aws = failed_cohort(
        NA1={"reads": "wrong", "panel": "p"}, NA2={"reads": "b", "panel": "p"}, NA3={"reads": "c"}, NA4={}
    )
    aws.end(["NA3"], SUCCEEDED)
    result = run(aws.api(), "retry", "run-42", "--sheet", str(mended))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        'NA1: reads: "wrong" -> "right"',
        "NA3 is SUCCEEDED: its row differs, and it is not run again.",
        f"NA4 has no row in {mended}: it is left as it is.",
        (
            f"1 sample of {mended} never started: `sluice launch` starts them from a sheet "
            "in which the others are as they ran last."
        ),
        "Cohort run-42: 2 samples started again. Follow their progress: sluice watch run-42",
    ]
    assert retried(aws) == [
        {"sample": "NA1", "reads": "right", "panel": "p"},
        {"sample": "NA2", "reads": "b", "panel": "p"},
    ]
    assert request(aws)["fromStart"] is False


def test_a_field_for_all_goes_over_what_samples_have() -> None:
    aws = failed_cohort(NA1={"memoryMib": "2048"}, NA2={})
    result = run(aws.api(), "retry", "run-42", "--set", "memoryMib=8192", "--sample", "NA1")
    assert result.stdout.startswith('NA1: memoryMib: "2048" -> "8192"\n')
    assert retried(aws) == [{"sample": "NA1", "memoryMib": "8192"}]


def test_of_samples_that_succeeded_only_rows_that_differ_are_named_whatever_is_set(tmp_path: Path) -> None:
    mended = tmp_path / "mended.csv"
    mended.write_text("sample,reads\nNA1,a\nNA2,b\nNA3,other\n")
    aws = failed_cohort(NA1={"reads": "a"}, NA2={"reads": "b"}, NA3={"reads": "c"}, NA4={"reads": "d"})
    aws.end(["NA2", "NA3", "NA4"], SUCCEEDED)
    asked = ("retry", "run-42", "--sheet", str(mended), "--set", "memoryMib=8192", "--json")
    told = document(run(aws.api(), *asked))
    assert told["remarks"][0] == "NA3 is SUCCEEDED: its row differs, and it is not run again."
    assert [each for each in told["remarks"] if "NA2" in each or "NA4" in each] == []
    assert [each["sample"] for each in told["samples"]] == ["NA1"]


def test_samples_are_chosen_by_what_they_failed_with() -> None:
    aws = failed_cohort(NA1={}, NA2={})
    aws.end(["NA2"], FAILED, "Job.OutOfMemory")
    run(aws.api(), "retry", "run-42", "--error", "Job.OutOfMemory", "--from-start")
    assert [row["sample"] for row in retried(aws)] == ["NA2"]
    assert request(aws)["fromStart"] is True


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--error", "Job.Flied"), "No sample failed with 'Job.Flied'; the errors are: Job.Failed."),
        (("--sample", "NA7"), "The cohort has no sample 'NA7' that was started."),
        (("--sample", "NA2"), "Sample NA2 is SUCCEEDED: only failed samples are run again."),
        (("--set", "memoryMib"), "not of the form key=value"),
    ],
)
def test_a_retry_of_what_did_not_fail_is_refused(option: tuple[str, str], says: str) -> None:
    aws = failed_cohort(NA1={}, NA2={})
    aws.end(["NA2"], SUCCEEDED)
    result = run(aws.api(), "retry", "run-42", *option)
    assert (result.exit_code, says in result.stderr, aws.started) == (2, True, [])


def test_a_mended_sheet_is_checked_as_at_the_launch(tmp_path: Path) -> None:
    mended = tmp_path / "mended.jsonl"
    mended.write_text('{"sample":"NA1","reads":["x"],"memoryMib":5000}\n')
    aws = cohort_of("NA1")
    aws.end(["NA1"], FAILED)
    result = run(aws.api(), "retry", "run-42", "--sheet", str(mended))
    assert (result.exit_code, aws.started) == (2, [])
    assert "line 1, memoryMib: it is 5000; it must be a whole number" in result.stderr
    mended.write_text('{"sample":"NA1","reads":"x"}\n')
    result = run(aws.api(), "retry", "run-42", "--sheet", str(mended))
    assert (result.exit_code, aws.started) == (2, [])
    assert "  NA1, panel: it is missing" in result.stderr


def test_a_dry_retry_says_what_would_run_and_starts_nothing() -> None:
    aws = failed_cohort(NA1={})
    result = run(aws.api(), "retry", "run-42", "--set", "depth=4", "--dry-run")
    assert (result.exit_code, aws.started, aws.put) == (0, [], [])
    assert result.stdout.splitlines() == [
        'NA1: depth: nothing -> "4"',
        "Nothing in the workflow reads depth.",
        "1 sample of cohort run-42 would be run again, from the start. Nothing was started.",
    ]


def test_retry_says_which_samples_go_on_and_which_start_anew() -> None:
    aws = failed_cohort(NA1={}, NA2={})
    api = aws.api()

    def look(**_: Any) -> dict[str, Any]:
        first, second = aws.table.samples("run-42")
        aws.table.items["run-42", "NA1"] = replace(first, redrives=1)
        aws.table.items["run-42", "NA2"] = replace(second, attempt=2)
        return {"status": "SUCCEEDED"}

    api.answers["stepfunctions", "describe_execution"] = look
    result = run(api, "retry", "run-42")
    assert "2 samples started again, 1 where it failed and 1 from the start. Follow" in result.stdout


def test_where_nothing_failed_there_is_nothing_to_retry() -> None:
    aws = cohort_of("NA1")
    result = run(aws.api(), "retry", "run-42")
    assert (result.exit_code, aws.started) == (0, [])
    assert result.stdout == "Cohort run-42 has no failed samples.\n"


def test_rows_that_were_added_are_launched_by_the_command_that_is_told(tmp_path: Path) -> None:
    mended = tmp_path / "mended.csv"
    mended.write_text("sample,reads\nNA1,right\nNA9,new\n")
    for fields, same in (({}, ""), ({"panel": "p"}, " (with the same --set as before)")):
        aws = failed_cohort(NA1={"reads": "wrong", **fields})
        told = run(aws.api(), "retry", "run-42", "--sheet", str(mended), "--dry-run").stdout
        launch = f"sluice launch {mended} --cohort run-42 --workflow other"
        assert f"1 sample of {mended} never started: {launch}{same}\n" in told


def test_a_sample_whose_row_has_another_name_is_left_and_so_is_the_new_name(tmp_path: Path) -> None:
    mended = tmp_path / "run-42.csv"
    mended.write_text("sample,reads\nNA-1,right\nNA2,b\n")
    aws = failed_cohort(NA1={"reads": "wrong"}, NA2={"reads": "b"})
    told = run(aws.api(), "retry", "run-42", "--sheet", str(mended)).stdout.splitlines()
    assert told[0] == f"NA1 has no row in {mended}: it is left as it is."
    assert told[1].startswith(
        f"1 sample of {mended} never started: `sluice launch` starts them from a sheet "
    )
    assert [row["sample"] for row in retried(aws)] == ["NA2"]


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [
        (4, "8", 8),
        (4, "0.5", 0.5),
        (4, "many", "many"),
        (4, "true", "true"),
        (True, "false", False),
        (["a"], '["b"]', ["b"]),
        ("4", "8", "8"),
        (None, "8", "8"),
    ],
)
def test_a_field_for_all_keeps_the_type_that_it_had(before: Any, given: str, after: Any) -> None:
    aws = failed_cohort(NA1={"reads": before})
    run(aws.api(), "retry", "run-42", "--set", f"reads={given}")
    assert retried(aws) == [{"sample": "NA1", "reads": after}]


def test_programs_are_told_of_a_retry_as_json(tmp_path: Path) -> None:
    mended = tmp_path / "mended.csv"
    mended.write_text("sample,reads\nNA1,right\n")
    aws = failed_cohort(NA1={"reads": "wrong"}, NA2={})
    result = run(aws.api(), "retry", "run-42", "--sheet", str(mended), "--json")
    assert document(result) == {
        "cohort": "run-42",
        "state": "started",
        "samples": [{"sample": "NA1", "changes": ['reads: "wrong" -> "right"']}],
        "remarks": [f"NA2 has no row in {mended}: it is left as it is."],
        "wentOn": 0,
        "fromStart": 0,
    }
    for option, state in (("--dry-run", "checked"), ("--no-wait", "starting")):
        assert document(run(aws.api(), "retry", "run-42", option, "--json"))["state"] == state
    aws.end(["NA1", "NA2"], SUCCEEDED)
    assert document(run(aws.api(), "retry", "run-42", "--json"))["state"] == "nothing failed"


@pytest.mark.parametrize("name", ["sample", "cohort"])
def test_a_retry_keeps_the_names_of_cohort_and_samples(name: str) -> None:
    aws = failed_cohort(NA1={"reads": "a"})
    result = run(aws.api(), "retry", "run-42", "--set", f"{name}=x")
    assert (result.exit_code, aws.started) == (2, [])
    assert f"--set {name} is not possible" in result.stderr


@pytest.mark.parametrize(
    ("given", "says"), [("na1", "Did you mean NA1?"), ("NA1,NA2", "Give --sample for each.")]
)
def test_a_sample_that_is_not_known_comes_with_a_hint(given: str, says: str) -> None:
    result = run(failed_cohort(NA1={}, NA2={}).api(), "retry", "run-42", "--sample", given)
    assert (result.exit_code, says in result.stderr) == (2, True)


def test_an_input_that_is_too_large_is_told_with_its_sample() -> None:
    aws = failed_cohort(NA1={"reads": "a"})
    result = run(aws.api(), "retry", "run-42", "--set", f"reads={'x' * 40_000}")
    assert (result.exit_code, aws.started) == (2, [])
    assert "  NA1: its execution's input is" in result.stderr
