"""What the shell offers behind the names of cohorts and samples."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from sluice.cohorts.model import Cohort, ExecutionName, Sample, SampleStatus
from sluice_cli.app import app
from sluice_cli.aws.ports import Session
from sluice_cli.errors import AwsError
from tests.functional.cli.fakes import OUTPUTS, Clock, FakeApi, keyed, with_cohorts
from tests.support.cohort_fakes import MemoryCohortStore

if TYPE_CHECKING:
    from sluice_cli.aws.ports import Target

WORKFLOW = OUTPUTS["WorkflowArn"]


def sample(cohort: str, name: str, **fields: str) -> Sample:
    arn = ExecutionName(cohort, 1, name).arn(WORKFLOW)
    return Sample(cohort, name, 1, arn, SampleStatus.RUNNING, "{}", 1, 1, **fields)  # type: ignore[arg-type] # an error


def an_aws() -> FakeApi:
    """An AWS with three cohorts."""
    cohorts = {
        name: Cohort(name, WORKFLOW, "0", 3, at_ms, at_ms)
        for name, at_ms in (("run-1", 1), ("run-2", 2), ("wgs", 3))
    }
    samples = [sample("run-1", "NA1"), sample("run-2", "NA2"), sample("wgs", "HG3", error="Job.Failed")]
    table = MemoryCohortStore(cohorts, {(each.cohort, each.name): each for each in samples})
    return FakeApi(keyed({"cloudformation.describe_stacks": with_cohorts()}), cohort_table=table)


def offered(line: str, api: FakeApi | None = None) -> list[str]:
    """What bash is offered at the end of a line; what stands behind a blank is the word so far."""
    api = api or an_aws()

    def connect(target: Target) -> FakeApi:
        assert target.stack_name in {"sluice", "other"}
        return api

    clock = Clock()
    session = Session(connect=connect, now_ms=clock.now_ms, sleep=clock.sleep, execute=clock.execute)
    words = shlex.split(line)
    asked = {
        "_SLUICE_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - (0 if line.endswith(" ") else 1)),
    }
    result = CliRunner().invoke(app, [], prog_name="sluice", obj=session, env=asked)
    return result.stdout.split()


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("sluice watch ", ["wgs", "run-2", "run-1"]),
        ("sluice watch run", ["run-2", "run-1"]),
        ("sluice status wg", ["wgs"]),
        ("sluice report --stack other run-1", ["run-1"]),
        ("sluice explain NA", ["NA2", "NA1"]),
        ("sluice explain --cohort run-1 ", ["NA1"]),
        ("sluice logs H", ["HG3"]),
        ("sluice logs HG3 --cohort w", ["wgs"]),
    ],
)
def test_names_that_begin_so_are_offered(line: str, names: list[str]) -> None:
    assert offered(line) == names


def test_where_aws_cannot_be_asked_nothing_is_offered_and_nothing_said() -> None:
    denied = FakeApi(keyed({"cloudformation.describe_stacks": AwsError("no", "AccessDenied")}))
    assert offered("sluice watch ", denied) == []
    assert offered("sluice explain ", denied) == []
