"""Cohorts on the project's own template: interrupted, repeated, robbed of events, cancelled and retried."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from sluice.aws.tables.cohort_store import DynamoCohortStore
from sluice.cohorts.model import SampleStatus, read_execution_name
from sluice_local.faults.plan import Fault, FaultKind, FaultPlan
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.stack.stack import deployed
from tests.support.building import Machines, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice.cohorts.model import Cohort
    from tests.e2e.stack.stack import Stack

SAMPLES = 1500
EVENT = "Step Functions Execution Status Change"
LIFTED = {f"States.{api}": None for api in ("StartExecution", "DescribeExecution", "ListExecutions")}
RUNNING, SUCCEEDED, FAILED, ABORTED = (
    SampleStatus.RUNNING,
    SampleStatus.SUCCEEDED,
    SampleStatus.FAILED,
    SampleStatus.ABORTED,
)

FIRST_ATTEMPT_AT_A_BAD_SAMPLE = (
    "{% $states.input.fate = 'bad' and $contains($states.context.Execution.Name, '.1.') %}"
)
FAILS_AT_FIRST = {
    "QueryLanguage": "JSONata",
    "StartAt": "Judge",
    "States": {
        "Judge": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": FIRST_ATTEMPT_AT_A_BAD_SAMPLE,
                    "Next": "Bad",
                }
            ],
            "Default": "Good",
        },
        "Bad": {"Type": "Fail", "Error": "Job.Failed"},
        "Good": {"Type": "Succeed"},
    },
}
NEVER_ENDS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with LocalAws(LocalSettings(activity_poll_seconds=1, quotas=LIFTED)) as aws:
        yield deployed(aws, StartRatePerSecond="1000")


@pytest.fixture
def machines(stack: Stack, unique: str) -> Machines:
    return Machines(stack.states, unique)


@dataclass(frozen=True)
class Trial:
    """A cohort on a stack, and what a person does with it."""

    stack: Stack
    machines: Machines
    name: str
    workflow: str

    @cached_property
    def store(self) -> DynamoCohortStore:
        return DynamoCohortStore(self.stack.aws.client("dynamodb"), self.stack.outputs["CohortTableName"])

    def put_sheet(self, rows: list[str]) -> None:
        text = "\n".join(["sample,fate", *rows]).encode()
        bucket = self.stack.outputs["DataBucketName"]
        self.stack.aws.client("s3").put_object(Bucket=bucket, Key=f"sheets/{self.name}.csv", Body=text)

    def launch(self) -> str:
        sheet = {"bucket": self.stack.outputs["DataBucketName"], "key": f"sheets/{self.name}.csv"}
        return self._start({"cohort": self.name, "workflowArn": self.workflow, "sheet": sheet})

    def retry(self) -> str:
        return self._start({"cohort": self.name, "only": "failed"})

    def started(self, execution: str) -> dict[str, Any]:
        """Waits for the cohort's state machine; returns its output."""
        ended = self.machines.ended(execution, within_seconds=120)
        assert ended["status"] == "SUCCEEDED", ended
        return dict(json.loads(ended["output"]))

    def cohort(self) -> Cohort | None:
        return self.store.cohort(self.name)

    def counts(self) -> dict[SampleStatus, int]:
        cohort = self.cohort()
        assert cohort is not None
        return {status: number for status, number in cohort.counts.items() if number}

    def healed(self, *, running: int = 0) -> dict[SampleStatus, int]:
        """Lets the reconciler look at samples until so many run."""

        def probe() -> bool:
            self.stack.invoke("ReconcileSamples", {})
            return self.counts().get(RUNNING, 0) == running

        eventually(probe, within_seconds=90)
        return self.counts()

    def executions(self) -> Counter[str]:
        """How many executions there are of each attempt at each sample, as Local AWS counts them."""
        pages = self.stack.states.get_paginator("list_executions").paginate(stateMachineArn=self.workflow)
        return Counter(each["name"] for page in pages for each in page["executions"])

    def statuses(self) -> Counter[str]:
        """The statuses of the executions by name, as Local AWS tells them."""
        pages = self.stack.states.get_paginator("list_executions").paginate(stateMachineArn=self.workflow)
        return Counter(each["status"] for page in pages for each in page["executions"])

    def _start(self, request: dict[str, Any]) -> str:
        return self.machines.start(self.stack.outputs["CohortMachineArn"], request)


def trial_of(stack: Stack, machines: Machines, definition: dict[str, Any], rows: list[str]) -> Trial:
    trial = Trial(stack, machines, machines.name, machines.create(definition))
    trial.put_sheet(rows)
    return trial


def test_a_cohort_that_is_interrupted_killed_and_repeated_starts_every_sample_once(
    stack: Stack, machines: Machines
) -> None:
    # GIVEN a sheet of which every tenth sample fails at first, functions that die, and events that go astray
    rows = [f"NA{number:04},{'bad' if number % 10 == 0 else 'good'}" for number in range(SAMPLES)]
    trial = trial_of(stack, machines, FAILS_AT_FIRST, rows)
    after_call, starter = FaultKind.FUNCTION_KILLED_AFTER_CALL, "StartSamplesFunction"
    stack.aws.inject(
        FaultPlan(
            7,
            (
                Fault(after_call, "States.StartExecution", after=200, count=1, caller=starter),
                Fault(after_call, "DynamoDB.TransactWriteItems", after=8, count=1, caller=starter),
                Fault(FaultKind.EVENT_DROPPED, f"{EVENT}:SUCCEEDED", probability=0.05),
                Fault(FaultKind.EVENT_DOUBLED, f"{EVENT}:*", probability=0.1, seconds=0.1),
            ),
        )
    )
    # WHEN it is launched, stopped in the middle and launched again
    first = trial.launch()
    eventually(lambda: (cohort := trial.cohort()) and cohort.started >= 500, within_seconds=90)
    stack.states.stop_execution(executionArn=first)
    output = trial.started(trial.launch())
    stack.aws.end_faults()
    assert (output["done"], output["started"], output["total"]) == (True, SAMPLES, SAMPLES)
    # THEN every sample has one execution, and the counts are right although events were lost
    assert trial.healed() == {SUCCEEDED: SAMPLES * 9 // 10, FAILED: SAMPLES // 10}
    executions = trial.executions()
    assert len(executions) == sum(executions.values()) == SAMPLES
    # and a retry starts the failed ones again, each once
    trial.started(trial.retry())
    assert trial.healed() == {SUCCEEDED: SAMPLES}
    attempts = Counter(name.attempt for each in trial.executions() if (name := read_execution_name(each)))
    assert attempts == {1: SAMPLES, 2: SAMPLES // 10}
    # and what is over stays as it is
    assert trial.started(trial.retry())["counts"]["SUCCEEDED"] == SAMPLES
    assert trial.started(trial.launch())["started"] == SAMPLES
    assert sum(trial.executions().values()) == SAMPLES * 11 // 10


def test_a_cancelled_cohort_leaves_nothing_running_and_goes_on_when_it_is_wanted_again(
    stack: Stack, machines: Machines
) -> None:
    # GIVEN a cohort whose first block takes a while to be noted
    trial = trial_of(stack, machines, NEVER_ENDS, [f"s{number:03},x" for number in range(110)])
    slow = Fault(FaultKind.SLOW_ANSWER, "DynamoDB.TransactWriteItems", count=1, seconds=2)
    stack.aws.inject(FaultPlan(1, (slow,)))
    launched = trial.launch()
    eventually(lambda: (cohort := trial.cohort()) and cohort.started == 99)
    # WHEN it is cancelled meanwhile
    assert trial.store.cancel(trial.name) is not None
    # THEN no other block starts, and the reconciler stops what had started
    output = trial.started(launched)
    assert (output["cancelled"], output["started"]) == (True, 99)
    assert trial.healed() == {ABORTED: 99}
    assert trial.statuses() == {"ABORTED": 99}
    # and a launch starts what never was, a retry what was stopped
    assert trial.started(trial.launch())["counts"] == {**_none(), "RUNNING": 11, "ABORTED": 99}
    assert trial.started(trial.retry())["counts"] == {**_none(), "RUNNING": 110}
    # which goes on in the executions that were stopped
    assert trial.statuses() == {"RUNNING": 110}


def _none() -> dict[str, int]:
    return dict.fromkeys(SampleStatus, 0)


def test_a_bad_sheet_starts_nothing_and_says_why(stack: Stack, machines: Machines) -> None:
    trial = trial_of(stack, machines, NEVER_ENDS, ["good,x", "bad name,x", "good,x"])
    ended = machines.ended(trial.launch())
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidSheetError")
    said = json.loads(ended["cause"])["errorMessage"]
    assert "line 3, sample" in said
    assert "line 4, sample: good is also on line 2" in said
    assert trial.cohort() is None


def test_the_sample_events_are_taken(stack: Stack, machines: Machines) -> None:
    machine = machines.create(NEVER_ENDS)
    start, count = (
        json.loads((stack.root / "events" / f"{name}.json").read_text())
        for name in ("start_samples", "count_samples")
    )
    answer = stack.invoke("StartSamples", {**start, "workflowArn": machine})
    assert (answer["cohort"], answer["done"], answer["counts"]["RUNNING"]) == ("run-42", True, 1)
    # it tells of an execution of another workflow
    assert stack.invoke("CountSamples", count) == {"batchItemFailures": []}
    healed = json.loads((stack.root / "events/reconcile_samples.json").read_text())
    assert stack.invoke("ReconcileSamples", healed) is not None
    assert stack.invoke("StartSamples", {"cohort": "run-42", "only": "failed"})["counts"]["RUNNING"] == 1
