"""Executions of samples as Step Functions tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sluice.aws.executions import BotoExecutions
from sluice.cohorts.model import ExecutionName, SampleStatus
from sluice.cohorts.redrives import HistoryEnd
from sluice.errors import DoesNotExistError, NotRedrivableError, RejectedError
from tests.support.building import Machines, eventually

if TYPE_CHECKING:
    from sluice.cohorts.model import SampleEnd

NAME = ExecutionName("run-7", 1, "NA1")
WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}
FAILS = {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "Job.Failed"}}}


@pytest.fixture
def executions(states: Any) -> BotoExecutions:
    return BotoExecutions(states)


def ended(executions: BotoExecutions, arn: str) -> SampleEnd:
    return eventually(lambda: executions.ended(arn))


def test_a_name_starts_one_execution_however_often(
    executions: BotoExecutions, machines: Machines, states: Any
) -> None:
    machine = machines.create(FAILS)
    executions.start(machine, str(NAME), "{}")
    ended(executions, NAME.arn(machine))
    executions.start(machine, str(NAME), "{}")
    assert len(states.list_executions(stateMachineArn=machine)["executions"]) == 1


def test_an_end_tells_what_the_event_would(
    executions: BotoExecutions, machines: Machines, states: Any
) -> None:
    machine = machines.create(FAILS)
    executions.start(machine, str(NAME), "{}")
    end = ended(executions, NAME.arn(machine))
    assert (end.name, end.status, end.error) == (NAME, SampleStatus.FAILED, "Job.Failed")
    told = states.describe_execution(executionArn=end.execution_arn)["stopDate"]
    assert end.stopped_at == round(told.timestamp() * 1000)


def test_a_running_execution_is_stopped_once(executions: BotoExecutions, machines: Machines) -> None:
    machine = machines.create(WAITS)
    executions.start(machine, str(NAME), "{}")
    assert executions.ended(NAME.arn(machine)) is None
    executions.stop(NAME.arn(machine), "Sample.Cancelled")
    assert ended(executions, NAME.arn(machine)).status is SampleStatus.ABORTED
    executions.stop(NAME.arn(machine), "Sample.Cancelled")


def test_a_stopped_execution_is_redriven_once_by_a_token(
    executions: BotoExecutions, machines: Machines, states: Any
) -> None:
    machine = machines.create(WAITS)
    executions.start(machine, str(NAME), "{}")
    executions.stop(NAME.arn(machine), "Sample.Cancelled")
    history = executions.history_end(NAME.arn(machine))
    assert (history.events, history.in_fail_state) == (len(machines.events(NAME.arn(machine))), False)
    for _ in range(2):
        executions.redrive(NAME.arn(machine), "token")
    assert executions.ended(NAME.arn(machine)) is None
    assert states.describe_execution(executionArn=NAME.arn(machine))["redriveCount"] == 1
    with pytest.raises(NotRedrivableError):
        executions.redrive(NAME.arn(machine), "other")


def test_an_execution_that_a_fail_state_ended_is_told_by_its_history(
    executions: BotoExecutions, machines: Machines
) -> None:
    machine = machines.create(FAILS)
    executions.start(machine, str(NAME), "{}")
    ended(executions, NAME.arn(machine))
    assert executions.history_end(NAME.arn(machine)) == HistoryEnd(events=3, in_fail_state=True)


def test_what_is_not_there_is_told_of(executions: BotoExecutions, machines: Machines) -> None:
    machine = machines.create(WAITS)
    assert executions.kind(machine) == "STANDARD"
    for act in (
        executions.ended,
        executions.history_end,
        lambda arn: executions.redrive(arn, "token"),
        lambda arn: executions.stop(arn, "Sample.Cancelled"),
    ):
        with pytest.raises(DoesNotExistError):
            act(NAME.arn(machine))
    with pytest.raises(RejectedError):
        executions.kind(f"{machine}-gone")
