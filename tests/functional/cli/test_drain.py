"""`sluice drain` on an AWS in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from sluice.cohorts.model import Cohort, SampleStatus, Start, started
from sluice.tasks.model import TaskState
from sluice_cli.drain.draining import LOOK_SECONDS
from sluice_cli.errors import AwsError
from tests.functional.cli.cohort_aws import MACHINE, MORE_OUTPUTS
from tests.functional.cli.fakes import (
    ARN,
    NOW_MS,
    OUTPUTS,
    Clock,
    FakeApi,
    denied,
    described_stack,
    document,
    keyed,
    run,
    stack_outputs,
)
from tests.support.builders import open_record
from tests.support.cohort_fakes import MemoryCohortStore
from tests.support.fakes import MemoryTaskStore

if TYPE_CHECKING:
    from collections.abc import Callable

WORKFLOW, POLLER = OUTPUTS["WorkflowArn"], OUTPUTS["ActivityPollerArn"]
THEIRS, STRANGE = f"{ARN}:stateMachine:theirs", f"{ARN}:stateMachine:strange"
USERS = (WORKFLOW, THEIRS)
COHORT = Cohort("run-42", WORKFLOW, "sha", 9, NOW_MS, NOW_MS)


def nothing() -> None:
    """What happens between two looks if a test says nothing else."""


@dataclass
class StackAws:
    """A stack whose executions run until they are stopped, or until `meanwhile` ends them.

    Attributes:
        running: names of running executions by state machine.
        meanwhile: is called before each look for pollers, the last call of a look.
    """

    running: dict[str, list[str]] = field(default_factory=dict)
    stack: dict[str, Any] = field(default_factory=dict)
    tasks: MemoryTaskStore = field(default_factory=MemoryTaskStore)
    cohorts: MemoryCohortStore = field(default_factory=MemoryCohortStore)
    meanwhile: Callable[[], None] = nothing
    stopped: list[tuple[str, str]] = field(default_factory=list)

    def api(self, **answers: Any) -> FakeApi:
        listed = [
            {"stateMachineArn": each, "type": "STANDARD"} for each in (*USERS, STRANGE, POLLER, MACHINE)
        ]
        express = {"stateMachineArn": f"{ARN}:stateMachine:express", "type": "EXPRESS"}
        standard = {
            "cloudformation.describe_stacks": described_stack(
                Outputs=stack_outputs({**OUTPUTS, **MORE_OUTPUTS}), **self.stack
            ),
            "stepfunctions.list_state_machines": [{"stateMachines": [*listed, express]}],
            "stepfunctions.describe_state_machine": self._described,
            "stepfunctions.list_executions": self._listed,
            "stepfunctions.stop_execution": self._stop,
        }
        return FakeApi(keyed({**standard, **answers}), task_table=self.tasks, cohort_table=self.cohorts)

    def _described(self, *, stateMachineArn: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        resource = OUTPUTS["ActivityArn"] if stateMachineArn in USERS else "another"
        return {"definition": f'{{"Resource": "{resource}"}}'}

    def _listed(self, stateMachineArn: str, statusFilter: str) -> list[dict[str, Any]]:  # noqa: N803
        assert statusFilter == "RUNNING"
        if stateMachineArn == POLLER:
            self.meanwhile()
        names = self.running.get(stateMachineArn, [])
        return [{"executions": [{"executionArn": f"{stateMachineArn}:{name}"} for name in names]}]

    def _stop(self, executionArn: str, error: str) -> dict[str, Any]:  # noqa: N803
        machine, _, name = executionArn.rpartition(":")
        if name not in self.running.get(machine, []):
            raise AwsError("It said ExecutionDoesNotExist", "ExecutionDoesNotExist")
        self.running[machine].remove(name)
        self.stopped.append((executionArn, error))
        return {}


def test_a_stack_at_rest_is_drained_at_once_and_nobody_is_asked() -> None:
    aws, clock = StackAws(running={STRANGE: ["a"]}), Clock()
    result = run(aws.api(), "drain", clock=clock)
    assert (result.exit_code, aws.stopped, clock.slept_seconds) == (0, [], 0)
    assert result.stdout == (
        "Stack sluice is drained: nothing runs. Delete it with: sam delete --stack-name sluice\n"
    )


def test_it_ends_launches_and_waits_for_executions_tasks_jobs_and_pollers() -> None:
    aws = StackAws(running={MACHINE: ["run-42"], WORKFLOW: ["a"], THEIRS: ["b"], POLLER: ["slot-0-0"]})
    aws.tasks.records["token"] = open_record({"jobName": "x", "jobQueue": "q", "jobDefinition": "d"})
    steps: list[Callable[[], object]] = [
        aws.running[WORKFLOW].clear,
        aws.running[THEIRS].clear,
        lambda: aws.tasks.close("token", TaskState.SUCCEEDED, NOW_MS, settle_from_ms=NOW_MS),
        lambda: aws.tasks.settle("token", NOW_MS),
        aws.running[POLLER].clear,
    ]

    def one_step() -> None:
        steps.pop(0)()

    aws.meanwhile, clock = one_step, Clock()
    result = run(aws.api(), "drain", "--yes", clock=clock)
    assert (result.exit_code, aws.stopped) == (0, [(f"{MACHINE}:run-42", "Stack.Drained")])
    assert steps == []
    assert clock.slept_seconds >= 4 * LOOK_SECONDS


def test_a_launch_that_has_begun_is_refused_further_samples_and_those_that_run_go_on() -> None:
    aws = StackAws(running={MACHINE: ["run-42"]})
    running = {SampleStatus.RUNNING: 2}
    aws.cohorts.cohorts["run-42"] = replace(COHORT, counts=running)

    def count() -> None:
        cohort = aws.cohorts.cohorts["run-42"]
        if cohort.refuses(NOW_MS):  # the second look
            aws.cohorts.cohorts["run-42"] = replace(cohort, counts={SampleStatus.SUCCEEDED: 2})

    aws.meanwhile = count
    aws.cohorts.now_ms = lambda: NOW_MS
    assert run(aws.api(), "drain", "--yes").exit_code == 0
    cohort = aws.cohorts.cohorts["run-42"]
    assert (cohort.refuses(NOW_MS), cohort.is_cancelled) == (True, False)


def test_samples_that_are_yet_to_start_are_waited_for() -> None:
    aws = StackAws()
    aws.cohorts.cohorts["run-42"] = replace(COHORT, counts={SampleStatus.RUNNING: 2})
    result = run(aws.api(), "drain", "--minutes", "1")
    assert result.exit_code == 1
    assert "Left: 2 samples to start or to count." in result.stdout


def test_samples_of_a_launch_that_was_ended_are_not_waited_for_as_nobody_starts_them() -> None:
    aws = StackAws()
    counts = {SampleStatus.RUNNING: 1}
    went_on = replace(COHORT, counts=counts, cancelled_at=NOW_MS, reopened_at=NOW_MS + 1)
    aws.cohorts.cohorts["run-42"] = went_on
    noted = started(went_on, Start("a", "{}"), NOW_MS)
    aws.cohorts.items["run-42", "a"] = noted
    assert run(aws.api(), "drain", "--minutes", "1").exit_code == 0
    aws.cohorts.items["run-42", "a"] = replace(noted, started_at=NOW_MS + 1)
    assert run(aws.api(), "drain", "--minutes", "1").exit_code == 1


def test_what_is_to_be_stopped_is_stopped_once_and_no_stranger_is_touched() -> None:
    aws = StackAws(running={WORKFLOW: ["a", "b"], THEIRS: ["c"], STRANGE: ["d"], POLLER: ["slot-0-0"]})
    aws.cohorts.create(COHORT)
    left = [3]

    def idle() -> None:
        left[0] -= 1
        if not left[0]:
            aws.running[POLLER].clear()

    aws.meanwhile = idle
    result = run(aws.api(), "drain", "--stop", "--yes")
    assert result.exit_code == 0
    assert aws.stopped == [
        (f"{machine}:{name}", "Stack.Drained")
        for machine, name in ((WORKFLOW, "a"), (WORKFLOW, "b"), (THEIRS, "c"))
    ]
    assert aws.running[STRANGE] == ["d"]
    found = aws.cohorts.cohort("run-42")
    assert found is not None
    assert found.is_cancelled


def test_without_an_answer_nothing_is_stopped() -> None:
    aws = StackAws(running={WORKFLOW: ["a", "b"], THEIRS: ["c"]})
    result = run(aws.api(), "drain", "--stop")
    assert (result.exit_code, aws.stopped) == (2, [])
    assert result.stderr == (
        "There is nobody to ask, so give --yes to go ahead: "
        "Stop 3 executions of workflow, theirs, and their jobs?\n"
    )


def test_it_gives_up_in_time_and_says_what_is_left() -> None:
    aws, clock = StackAws(running={WORKFLOW: ["a"], POLLER: ["slot-0-0", "slot-1-0"]}), Clock()
    result = run(aws.api(), "drain", "--minutes", "2", clock=clock)
    assert (result.exit_code, aws.stopped) == (1, [])
    assert clock.slept_seconds == pytest.approx(120, abs=LOOK_SECONDS)
    assert result.stdout == (
        "Stack sluice is not drained. Left: 1 execution, 2 pollers. Run it again to go on.\n"
    )


def test_a_program_reads_what_is_left() -> None:
    aws = StackAws(running={WORKFLOW: ["a"]})
    result = run(aws.api(), "drain", "--json", "--minutes", "0.1")
    assert result.exit_code == 1
    assert document(result) == {
        "stack": "sluice",
        "drained": False,
        "left": {
            "launches": 0,
            "executions": {WORKFLOW: 1},
            "tasks": 0,
            "stopping": 0,
            "samples": 0,
            "pollers": 0,
        },
    }


def test_pollers_that_are_always_on_are_left_to_the_deletion() -> None:
    parameters = [{"ParameterKey": "AlwaysOn", "ParameterValue": "true"}]
    aws = StackAws(running={POLLER: ["slot-0-0"]}, stack={"Parameters": parameters})
    result = run(aws.api(), "drain")
    assert result.exit_code == 0
    assert "1 poller left, as the stack's AlwaysOn is true" in result.stdout


def test_a_deletion_that_waits_is_let_go_on() -> None:
    aws = StackAws(running={WORKFLOW: ["a"]}, stack={"StackStatus": "DELETE_IN_PROGRESS"})
    aws.tasks.records["token"] = open_record({"jobName": "x", "jobQueue": "q", "jobDefinition": "d"})

    def gone(**_: Any) -> dict[str, Any]:
        raise AwsError("It said StateMachineDoesNotExist", "StateMachineDoesNotExist")

    def listed(stateMachineArn: str, **given: Any) -> Any:  # noqa: N803
        return gone() if stateMachineArn == POLLER else aws._listed(stateMachineArn, **given)

    result = run(aws.api(**{"stepfunctions.list_executions": listed}), "drain", "--stop", "--yes")
    assert (result.exit_code, [arn for arn, _ in aws.stopped]) == (0, [f"{WORKFLOW}:a"])
    assert result.stdout == (
        "No execution keeps stack sluice from being deleted. "
        "Of 1 task the jobs may still run: look into their queues.\n"
    )


def test_a_call_that_is_refused_ends_it_with_aws_s_words() -> None:
    aws = StackAws(running={WORKFLOW: ["a"]})
    api = aws.api(**{"stepfunctions.stop_execution": denied("StopExecution")})
    result = run(api, "drain", "--stop", "--yes")
    assert (result.exit_code, result.stderr) == (
        3,
        "AWS refused StopExecution. It said AccessDenied: not allowed\n",
    )


def test_one_that_has_ended_meanwhile_is_no_error() -> None:
    aws = StackAws(running={WORKFLOW: ["a"]})

    def stop(**_: Any) -> dict[str, Any]:
        aws.running[WORKFLOW].clear()
        raise AwsError("It said ExecutionDoesNotExist", "ExecutionDoesNotExist")

    result = run(aws.api(**{"stepfunctions.stop_execution": stop}), "drain", "--stop", "--yes")
    assert result.exit_code == 0
