"""`sluice launch`, `status`, `watch` and `cancel` on an AWS in memory."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sluice.cohorts.model import SampleStatus
from sluice.cohorts.sheet import SheetRules, parse_sheet
from sluice.tasks.model import Task, TaskRecord, TaskState
from sluice_cli.errors import AwsError
from tests.functional.cli.cohort_aws import OTHER, TABLE_MS, CohortAws, cohort_of, request
from tests.functional.cli.fakes import ARN, OUTPUTS, Clock, denied, document, run
from tests.support.fakes import MemoryTaskStore

if TYPE_CHECKING:
    from pathlib import Path

FAILED, SUCCEEDED, ABORTED = SampleStatus.FAILED, SampleStatus.SUCCEEDED, SampleStatus.ABORTED
RUNNING = SampleStatus.RUNNING
SHEET = "sample,reads\nNA1,a\nNA2,b\n"


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "run-42.csv"
    path.write_text(SHEET)
    return path


def record_of(execution_arn: str, state: str) -> TaskRecord:
    """A task of an execution that is over."""
    task = Task("t", execution_arn, state, (), fail_fast=True)
    return TaskRecord(task, TaskState.FAILED, {}, created_at=1, heartbeat_at=1)


# ------------------------------------------------------------------------------------------ launch


def test_launch_puts_the_sheet_into_the_stack_s_bucket_and_starts_its_samples(sheet: Path) -> None:
    aws = CohortAws(machine=[{"status": "RUNNING"}, {"status": "SUCCEEDED"}])
    result = run(aws.api(), "launch", str(sheet), *OTHER, "--set", "panel=p")
    assert (result.exit_code, result.stdout) == (
        0,
        "Cohort run-42: 2 samples started. Follow their progress: sluice watch run-42\n",
    )
    (put,) = aws.put
    assert (put["Bucket"], put["Body"]) == ("data", SHEET.encode())
    assert request(aws) == {
        "cohort": "run-42",
        "workflowArn": OTHER[1],
        "sheet": {"bucket": "data", "key": put["Key"], "format": "csv"},
        "shared": {"panel": "p"},
        "only": "all",
    }


def test_the_same_launch_has_the_same_name_and_another_attempt_the_next_number(sheet: Path) -> None:
    first, second = CohortAws(), CohortAws()
    run(first.api(), "launch", str(sheet), *OTHER)
    name = first.started[0]["name"]
    assert name.startswith("run-42-")
    assert name.endswith("-1")
    second.taken = {name}
    run(second.api(), "launch", str(sheet), *OTHER)
    assert second.started[0]["name"] == name.removesuffix("1") + "2"


def test_a_cohort_that_is_launched_already_is_left_as_it_is(sheet: Path) -> None:
    sha256 = parse_sheet(SHEET, fmt="csv", rules=SheetRules("run-42", {})).sha256
    aws = cohort_of("NA1", "NA2", sha256=sha256, workflow_arn=OTHER[1])
    result = run(aws.api(), "launch", str(sheet), *OTHER)
    assert (result.exit_code, aws.started, aws.put) == (0, [], [])
    assert "2 samples started before" in result.stdout


@pytest.mark.parametrize(
    ("workflow", "says"), [(OTHER[1], "other samples or inputs"), ("", f"runs {OUTPUTS['WorkflowArn']}, not")]
)
def test_another_cohort_of_the_same_name_is_refused(sheet: Path, workflow: str, says: str) -> None:
    aws = cohort_of("NA1", workflow_arn=workflow)
    result = run(aws.api(), "launch", str(sheet), *OTHER)
    assert (result.exit_code, aws.started) == (2, [])
    assert says in result.stderr
    assert "--cohort" in result.stderr


def test_the_stack_s_own_workflow_needs_its_fields_and_every_bad_row_is_named(sheet: Path) -> None:
    aws = CohortAws()
    result = run(aws.api(), "launch", str(sheet))
    assert (result.exit_code, aws.started, aws.put) == (2, [], [])
    assert "lines 2-3, reference: it is missing" in result.stderr
    fields = [f"--set={name}=x" for name in ("reference", "panel", "geneticMap", "output")]
    assert run(aws.api(), "launch", str(sheet), *fields).exit_code == 0


def test_a_dry_run_checks_and_starts_nothing(sheet: Path) -> None:
    aws = CohortAws()
    result = run(aws.api(), "launch", str(sheet), *OTHER, "--require", "reads", "--dry-run")
    assert (result.exit_code, aws.started, aws.put) == (0, [], [])
    assert "2 samples for cohort run-42. Nothing was started." in result.stdout
    missing = run(aws.api(), "launch", str(sheet), *OTHER, "--require", "fastq", "--dry-run")
    assert (missing.exit_code, "lines 2-3, fastq: it is missing" in missing.stderr) == (2, True)


def test_a_sheet_may_lie_in_s3_as_json_lines() -> None:
    aws = CohortAws(objects={"in/run-7.jsonl": b'{"sample": "NA1", "lanes": 2}\n'})
    result = run(aws.api(), "launch", "s3://lab/in/run-7.jsonl", *OTHER, "--json", "--no-wait")
    assert document(result)["cohort"] == "run-7"
    assert request(aws)["sheet"]["format"] == "jsonl"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("none.csv",), "cannot be read: No such file"),
        (("sheet.csv", "--set", "panel"), "'panel' is not of the form key=value"),
        (("sheet.csv", "--set", "a=1", "--set", "a=2"), "--set a is given twice"),
        (("sheet.csv", "--set", "a =1"), "--set 'a =1' has blanks round its key: write a=1."),
        (("a sheet.csv",), "'a sheet' is not a valid cohort name"),
    ],
)
def test_wrong_arguments_are_named(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    for name in ("sheet.csv", "a sheet.csv"):
        (tmp_path / name).write_text(SHEET)
    name, *others = arguments
    result = run(CohortAws().api(), "launch", str(tmp_path / name), *OTHER, *others)
    assert (result.exit_code, says in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "name", ["https://lab.org/run.csv", "s3://lab", "S3://lab/run.csv", "arn:aws:s3:::lab/x"]
)
def test_an_address_that_is_no_sheet_is_answered_with_the_form_that_is(name: str) -> None:
    result = run(CohortAws().api(), "launch", name, *OTHER)
    assert (result.exit_code, "A sheet is a file, or s3://bucket/key." in result.stderr) == (2, True)


def test_a_sheet_from_the_standard_input_needs_the_cohort_s_name() -> None:
    nameless = run(CohortAws().api(), "launch", "-", *OTHER, stdin=SHEET)
    assert (nameless.exit_code, "--cohort" in nameless.stderr) == (2, True)
    named = run(CohortAws().api(), "launch", "-", *OTHER, "--cohort", "run-42", "--dry-run", stdin=SHEET)
    assert "2 samples for cohort run-42" in named.stdout


def test_json_lines_from_the_standard_input_are_known_by_how_they_begin() -> None:
    result = run(
        CohortAws().api(), "launch", "-", *OTHER, "--cohort", "c", "--dry-run", stdin='{"sample": "NA1"}\n'
    )
    assert (result.exit_code, "1 sample for cohort c" in result.stdout) == (0, True)


def test_what_stops_the_starting_is_told_with_its_reason(sheet: Path) -> None:
    cause = json.dumps({"errorMessage": "it is of type EXPRESS"})
    aws = CohortAws(machine=[{"status": "FAILED", "error": "WorkflowError", "cause": cause}])
    result = run(aws.api(), "launch", str(sheet), *OTHER)
    assert result.exit_code == 3
    assert result.stderr.endswith("not all started: it is of type EXPRESS\n")


def test_a_sheet_with_more_rows_starts_those(sheet: Path) -> None:
    text = '{"sample":"NA1","reads":"a","cohort":"run-42"}'
    aws = cohort_of("NA1", workflow_arn=OTHER[1])
    aws.table.items["run-42", "NA1"] = replace(aws.table.items["run-42", "NA1"], input=text)
    result = run(aws.api(), "launch", str(sheet), *OTHER)
    assert result.stdout.startswith("Cohort run-42: 2 samples started, 1 of them new.")
    assert request(aws)["only"] == "all"


def test_a_row_that_changed_is_named_with_the_way_out(sheet: Path) -> None:
    text = '{"sample":"NA1","reads":"before","cohort":"run-42"}'
    aws = cohort_of("NA1", "NA7", workflow_arn=OTHER[1])
    aws.table.items["run-42", "NA1"] = replace(aws.table.items["run-42", "NA1"], input=text)
    result = run(aws.api(), "launch", str(sheet), *OTHER)
    assert (result.exit_code, aws.started) == (2, [])
    assert result.stderr.splitlines() == [
        "There is a cohort run-42 already, with other samples or inputs; nothing was started.",
        '  line 2, NA1: reads: "before" -> "a"',
        "  NA7 has no row",
        f"To run failed samples again with this sheet: sluice retry run-42 --sheet {sheet}",
        "To run all of this sheet, give it another name with --cohort.",
    ]


def test_a_workflow_is_meant_by_its_name_and_what_may_fail_is_told(sheet: Path) -> None:
    aws = CohortAws(definition={"StartAt": "A", "States": {"A": {"Type": "Pass", "Output": 1, "End": True}}})
    result = run(aws.api(), "launch", str(sheet), "--workflow", "other", "--dry-run")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        f"No state uses the stack's Activity {OUTPUTS['ActivityArn']}: Sluice submits none of its jobs.",
        "Nothing in the workflow reads reads.",
    ]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            AwsError("StateMachineDoesNotExist", "StateMachineDoesNotExist"),
            "There is no state machine",
        ),
        ({"type": "EXPRESS", "definition": "{}"}, "is EXPRESS; a cohort needs a STANDARD"),
    ],
)
def test_a_workflow_that_no_cohort_can_run_is_refused(sheet: Path, answer: Any, says: str) -> None:
    api = CohortAws().api()
    api.answers["stepfunctions", "describe_state_machine"] = answer
    result = run(api, "launch", str(sheet), *OTHER)
    assert (result.exit_code, says in result.stderr) == (2, True)
    assert "StateMachineDoesNotExist" not in result.stderr


def test_a_workflow_that_the_stack_s_cohorts_may_not_start_is_refused_before_anything_starts(
    sheet: Path,
) -> None:
    aws = CohortAws()
    api = aws.api()
    (stack,) = api.answers["cloudformation", "describe_stacks"]["Stacks"]  # type: ignore[index, call-overload]
    usual = list(stack["Parameters"])
    for given, code in (
        ("", 2),
        (f"{ARN}:stateMachine:oth*", 0),
        (f"{ARN}:stateMachine:others", 2),
        ("*", 0),
    ):
        stack["Parameters"] = [*usual, {"ParameterKey": "WorkflowArns", "ParameterValue": given}]
        result = run(api, "launch", str(sheet), *OTHER, "--dry-run")
        assert (result.exit_code, "parameter WorkflowArns" in result.stderr) == (code, code == 2), given
        own = run(api, "launch", str(sheet), "--dry-run")
        assert "WorkflowArns" not in own.stderr


def test_who_may_not_look_at_the_workflow_may_launch_all_the_same(sheet: Path) -> None:
    api = CohortAws().api()
    api.answers["stepfunctions", "describe_state_machine"] = denied("DescribeStateMachine")
    result = run(api, "launch", str(sheet), *OTHER)
    assert (result.exit_code, "was not checked" in result.stderr) == (0, True)
    wrong = run(api, "launch", str(sheet), "--workflow", "x" * 81, "--dry-run")
    assert (wrong.exit_code, "neither the name nor the ARN" in wrong.stderr) == (2, True)


def test_columns_that_the_stack_s_own_workflow_does_not_read_are_told(tmp_path: Path) -> None:
    sheet = tmp_path / "run.csv"
    sheet.write_text("sample,reads,memory_mib,depth\nNA1,a,4096,4\n")
    fields = [f"--set={name}=x" for name in ("reference", "panel", "geneticMap", "output")]
    result = run(CohortAws().api(), "launch", str(sheet), *fields, "--dry-run")
    assert (result.exit_code, result.stderr.splitlines()) == (
        0,
        ["Nothing in the workflow reads depth, memory_mib.", "Is memory_mib meant to be memoryMib?"],
    )


@pytest.mark.parametrize("ending", ["csv.gz", "CSV.GZ", "csv.bz2"])
def test_a_compressed_sheet_names_its_cohort_and_is_to_be_unpacked(tmp_path: Path, ending: str) -> None:
    sheet = tmp_path / f"run-42.{ending}"
    sheet.write_bytes(gzip.compress(SHEET.encode()))
    result = run(CohortAws().api(), "launch", str(sheet), *OTHER)
    assert (result.exit_code, result.stderr.splitlines()[1:]) == (
        2,
        ["  the sheet: it is compressed with gzip; unpack it first: gunzip"],
    )


def test_an_illumina_sample_sheet_on_the_standard_input_is_told_as_what_it_is() -> None:
    text = "[Header]\nFileFormatVersion,2\n"
    result = run(CohortAws().api(), "launch", "-", *OTHER, "--cohort", "c", stdin=text)
    assert (result.exit_code, "it is an Illumina sample sheet" in result.stderr) == (2, True)


def test_cells_that_a_spreadsheet_may_have_rewritten_are_told(tmp_path: Path) -> None:
    sheet = tmp_path / "run.csv"
    sheet.write_text("sample,reads\n1-Mar,a\nSep-07,1.23457E+11\nMARCH1,1e5\n")
    result = run(CohortAws().api(), "launch", str(sheet), *OTHER, "--dry-run")
    assert (result.exit_code, result.stderr.splitlines()) == (
        0,
        [
            "line 2: a spreadsheet may have made the name 1-Mar of another, as a date.",
            "line 3: a spreadsheet may have made the name Sep-07 of another, as a date.",
            "line 3, reads: 1.23457E+11 may be a number of which a spreadsheet cut digits.",
        ],
    )


# ---------------------------------------------------------------------------------- status and watch


def test_samples_are_listed_with_step_attempt_and_error() -> None:
    aws = cohort_of("NA1", "NA2", "NA3")
    aws.end(["NA1"], SUCCEEDED)
    aws.end(["NA2"], FAILED, "Job.OutOfMemory")
    aws.table.items["run-42", "NA2"] = replace(aws.table.items["run-42", "NA2"], redrives=2)
    api = aws.api()
    api.task_table = MemoryTaskStore({"t": record_of(f"{ARN}:execution:w:run-42.1.NA2", "Impute")})
    lines = run(api, "samples", "run-42", "--tsv").stdout.splitlines()
    assert [line.split("\t") for line in lines] == [
        ["sample", "state", "step", "attempt", "error", "since"],
        ["NA1", "SUCCEEDED", "", "1", "", "2026-11-23 12:00:00"],
        ["NA2", "FAILED", "Impute", "1+2", "Job.OutOfMemory", "2026-11-23 12:00:00"],
        ["NA3", "RUNNING", "", "1", "", "1970-01-01 00:00:00"],
    ]
    shown = run(api, "samples", "run-42", "--state", "failed").stdout.splitlines()
    assert [line.split()[0] for line in shown] == ["sample", "NA2"]
    (found,) = document(run(api, "samples", "run-42", "--error", "Job.OutOfMemory", "--json"))["samples"]
    assert (found["sample"], found["step"], found["redrives"]) == ("NA2", "Impute", 2)
    assert "none such" in run(api, "samples", "run-42", "--error", "Job.TimedOut").stdout
    assert run(api, "samples", "run-42", "--json", "--tsv").exit_code == 2


def test_status_has_the_counts_and_what_samples_failed_with() -> None:
    aws = cohort_of("NA1", "NA2", "NA3", "NA4")
    aws.end(["NA1"], SUCCEEDED)
    aws.end(["NA2", "NA3"], FAILED, "Job.OutOfMemory")
    result = run(aws.api(), "status", "run-42")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["run-42:", "3", "of", "4", "samples", "have", "ended;", "under", "way"],
        ["SUCCEEDED", "1"],
        ["FAILED", "2"],
        ["RUNNING", "1"],
        ["failed", "with"],
        ["Job.OutOfMemory", "2", "NA2,", "NA3"],
    ]
    assert run(aws.api(), "status", "run-42", "--fail").exit_code == 1


def test_brackets_in_a_workflow_s_own_error_are_shown_as_they_are() -> None:
    aws = cohort_of("NA1")
    aws.end(["NA1"], FAILED, "Lab[/red]Error")
    assert "Lab[/red]Error" in run(aws.api(), "status", "run-42").stdout


def test_status_in_json_names_every_failed_sample() -> None:
    aws = cohort_of("NA1", "NA2")
    aws.end(["NA1"], FAILED, "Job.Failed")
    aws.end(["NA2"], ABORTED)
    found = document(run(aws.api(), "status", "run-42", "--json"))
    assert (found["over"], found["counts"]["FAILED"], found["counts"]["ABORTED"]) == (True, 1, 1)
    assert found["failures"] == {"Job.Failed": 1, "ABORTED": 1}
    assert [each["sample"] for each in found["failed"]] == ["NA1", "NA2"]


def test_status_of_nothing_in_particular_lists_the_cohorts() -> None:
    result = run(cohort_of("NA1").api(), "status")
    assert result.stdout.splitlines()[1].split() == ["run-42", "2026-11-23", "12:00", "1", "1", "0", "0"]
    assert "sluice launch SHEET" in run(CohortAws().api(), "status").stdout
    assert document(run(cohort_of("NA1").api(), "status", "--json"))["cohorts"][0]["total"] == 1


def test_an_unknown_cohort_is_wrong_usage() -> None:
    for command in ("status", "watch", "retry"):
        result = run(CohortAws().api(), command, "run-7")
        assert (result.exit_code, "has no cohort 'run-7'" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "given",
    [
        "run-42.csv",
        "s3://lab/run-42.csv",
        "run-42/NA1",
        f"{ARN}:execution:w:run-42.1.NA1",
        "RUN-42",
        " run-42",
    ],
)
def test_the_cohort_that_is_meant_is_told(given: str) -> None:
    result = run(cohort_of("NA1").api(), "watch", given)
    assert (result.exit_code, f"{given!r}. Did you mean run-42?" in result.stderr) == (2, True)


@pytest.mark.parametrize("given", ["", "a" * 3000, "run-4"])
def test_a_name_that_no_cohort_can_mean_is_only_said_to_be_unknown(given: str) -> None:
    result = run(cohort_of("NA1").api(), "watch", given)
    assert (result.exit_code, "Did you mean" in result.stderr) == (2, False)


def test_watch_tells_what_changes_until_all_is_over() -> None:
    aws = cohort_of("NA1", "NA2")

    class Busy(Clock):
        """Every time somebody sleeps, a sample ends."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            aws.end([f"NA{round(self.slept_seconds / 2)}"], FAILED, "Job.TimedOut")

    result = run(aws.api(), "watch", "run-42", clock=Busy())
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("run-42: 0 of 2 samples have ended; under way; no sample has ended")
    assert lines[1].startswith("run-42: 1 of 2 samples have ended; under way")
    assert lines[2] == "run-42: 2 of 2 samples have ended; over"
    assert lines[-1].split() == ["Job.TimedOut", "2", "NA1,", "NA2"]
    assert run(aws.api(), "watch", "run-42", "--fail").exit_code == 1


# ------------------------------------------------------------------------------------------ cancel


def test_cancel_lets_no_more_start_and_stops_what_runs() -> None:
    aws = cohort_of("NA1", "NA2", "NA3")
    aws.end(["NA2"], SUCCEEDED)
    result = run(aws.api(), "cancel", "run-42", "--yes")
    assert (result.exit_code, result.stdout) == (0, "Cohort run-42 is cancelled; none of its samples runs.\n")
    assert sorted(aws.stopped) == ["NA1", "NA3"]
    assert aws.cohort is not None
    assert aws.cohort.cancelled_at is not None


def test_cancel_goes_by_aws_s_clock_and_lasts_until_who_asks_later_is_not_refused() -> None:
    aws, clock = cohort_of("NA1"), Clock()
    aws.end(["NA1"], SUCCEEDED)
    run(aws.api(), "cancel", "run-42", "--yes", clock=clock)
    assert aws.cohort is not None
    assert aws.cohort.cancelled_at == TABLE_MS
    assert clock.slept_seconds >= 1


def test_cancel_stops_nothing_more_of_a_cohort_that_somebody_wants_again() -> None:
    aws = cohort_of("NA1", "NA2")

    class Meanwhile(Clock):
        """Somebody retries the cohort while samples are being stopped."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            assert aws.cohort is not None
            if aws.stopped and aws.cohort.is_cancelled:
                aws.table.reopen(aws.cohort, TABLE_MS + 60_000)
                sample = aws.table.items["run-42", "NA1"]
                aws.table.items["run-42", "NA1"] = replace(
                    sample, attempt=2, status=RUNNING, execution_arn=f"{sample.execution_arn}.2"
                )

    result = run(aws.api(), "cancel", "run-42", "--yes", clock=Meanwhile())
    assert result.exit_code == 2
    assert "Cohort run-42 was launched or retried meanwhile" in result.stderr
    assert aws.stopped == ["NA1", "NA2"]


@pytest.mark.parametrize("command", ["launch", "retry"])
def test_what_is_asked_after_a_cancel_is_not_taken_for_what_was_asked_before(
    sheet: Path, command: str
) -> None:
    sha256 = parse_sheet(SHEET, fmt="csv", rules=SheetRules("run-42", {})).sha256
    aws = cohort_of("NA1", sha256=sha256, workflow_arn=OTHER[1])
    aws.end(["NA1"], FAILED)
    assert aws.cohort is not None
    aws.cohort = replace(aws.cohort, total=2)
    arguments = ("launch", str(sheet), *OTHER) if command == "launch" else ("retry", "run-42")
    run(aws.api(), *arguments)
    run(aws.api(), "cancel", "run-42", "--yes")
    run(aws.api(), *arguments)
    run(aws.api(), *arguments)
    before, after, same = [started["name"] for started in aws.started]
    assert before != after == same


def test_a_launch_of_a_cohort_that_is_cancelled_meanwhile_says_so(sheet: Path) -> None:
    aws = CohortAws()
    output = json.dumps({"cohort": "run-42", "done": True, "cancelled": True, "started": 1, "total": 2})
    aws.machine = [{"status": "SUCCEEDED", "output": output}]
    result = run(aws.api(), "launch", str(sheet), *OTHER)
    assert result.exit_code == 3
    assert "The samples of cohort run-42 were not all started: it was cancelled" in result.stderr


def test_cancel_asks_first_and_where_nobody_can_answer_it_does_nothing() -> None:
    aws = cohort_of("NA1")
    result = run(aws.api(), "cancel", "run-42")
    assert (result.exit_code, "give --yes" in result.stderr, aws.stopped) == (2, True, [])


def test_cancel_goes_on_over_samples_that_end_meanwhile_and_stops_that_fail() -> None:
    aws = cohort_of(*(f"NA{number}" for number in range(1, 9)))
    api, troubles = aws.api(), {"NA3": 1, "NA5": 2}
    stop = api.answers["stepfunctions", "stop_execution"]
    assert callable(stop)

    def in_trouble(**asked: Any) -> Any:
        name = asked["executionArn"].rpartition(".")[2]
        if name in {"NA1", "NA8"}:  # they end just before they are stopped, and the event takes its time
            return AwsError("It said ValidationException: not running", "ValidationException")
        if troubles.get(name, 0):
            troubles[name] -= 1
            return AwsError("AWS gave no answer")
        return stop(**asked)

    class Later(Clock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.slept_seconds > 3:
                aws.end(["NA1", "NA8"], SUCCEEDED)

    api.answers["stepfunctions", "stop_execution"] = in_trouble
    result = run(api, "cancel", "run-42", "--yes", clock=Later())
    assert (result.exit_code, result.stdout) == (0, "Cohort run-42 is cancelled; none of its samples runs.\n")
    assert sorted(aws.stopped) == [f"NA{number}" for number in range(2, 8)]


def test_programs_are_told_of_launch_and_cancel_as_json(sheet: Path) -> None:
    checked = run(CohortAws().api(), "launch", str(sheet), *OTHER, "--dry-run", "--json")
    assert document(checked) == {"cohort": "run-42", "total": 2, "state": "checked"}
    cancelled = run(cohort_of("NA1").api(), "cancel", "run-42", "--yes", "--json")
    left = {"running": 0, "refused": 0, "error": None}
    assert document(cancelled) == {"cohort": "run-42", "state": "CANCELLED", **left}


def test_samples_whose_names_look_alike_are_told(tmp_path: Path) -> None:
    sheet = tmp_path / "run.csv"
    sheet.write_text("sample,reads\nNA1,a\nna1,b\nNA2,c\n")
    result = run(CohortAws().api(), "launch", str(sheet), *OTHER, "--dry-run")
    assert (result.exit_code, result.stderr) == (
        0,
        "NA1 and na1 differ in capital and small letters only.\n",
    )


def test_cancel_says_what_is_left_and_why() -> None:
    aws = cohort_of("NA1", "NA2")
    api = aws.api()
    stop = api.answers["stepfunctions", "stop_execution"]
    assert callable(stop)
    api.answers["stepfunctions", "stop_execution"] = lambda **asked: (
        AwsError("AWS gave no answer (x).") if asked["executionArn"].endswith("NA2") else stop(**asked)
    )
    result = run(api, "cancel", "run-42", "--yes")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "Cohort run-42 is cancelled; left to the reconciler: 1 sample.",
        "AWS refused to stop 1 sample of them. The last error: AWS gave no answer (x).",
    ]


def test_who_may_stop_nothing_is_told_at_once() -> None:
    api = cohort_of("NA1", "NA2").api()
    api.answers["stepfunctions", "stop_execution"] = denied("StopExecution")
    result = run(api, "cancel", "run-42", "--yes")
    assert (result.exit_code, "AWS refused StopExecution" in result.stderr) == (3, True)
    assert [operation for _, operation, _ in api.calls].count("stop_execution") == 1


def test_cancel_leaves_what_it_cannot_stop_to_the_reconciler() -> None:
    aws = cohort_of("NA1")
    api = aws.api()
    api.answers["stepfunctions", "stop_execution"] = lambda **_: {}
    result = run(api, "cancel", "run-42", "--yes")
    assert result.stdout == "Cohort run-42 is cancelled; left to the reconciler: 1 sample.\n"
    assert [operation for _, operation, _ in api.calls].count("stop_execution") == 1
