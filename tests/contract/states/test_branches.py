"""The first branch, or iteration, that fails ends the others, with their jobs."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from sluice_local.server import LocalAws
from tests.support.building import Machines, eventually, refused

SYNC = "arn:aws:states:::batch:submitJob.sync"
ALL = {"ErrorEquals": ["States.ALL"]}


def branch(name: str, **state: Any) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: {"End": True, **state}}}


FAILING = branch(
    "Bad",
    Type="Task",
    Resource="arn:aws:states:::aws-sdk:sfn:describeActivity",
    Parameters={"ActivityArn": "arn:aws:states:us-east-1:000000000000:activity:none"},
)
WAITING = branch("Long", Type="Wait", Seconds=600)


def parallel(*branches: dict[str, Any], **fields: Any) -> dict[str, Any]:
    both = {"Type": "Parallel", "Branches": list(branches), "End": True, **fields}
    caught = {"Caught": {"Type": "Succeed"}} if "Catch" in fields else {}
    return {"StartAt": "Both", "States": {"Both": both, **caught}}


@dataclass(frozen=True)
class LongJob:
    """A branch whose job runs until it is ended."""

    aws: LocalAws
    name: str
    branch: dict[str, Any]

    def reached(self, status: str) -> dict[str, Any]:
        """Wait until the job is in this state."""

        def found() -> dict[str, Any] | None:
            rows = [each for each in self.aws.page("jobs")["jobs"] if each["jobName"] == self.name]
            return next((each for each in rows if each["status"] == status), None)

        return eventually(found)


@pytest.fixture
def long_job(local_aws: LocalAws, job: dict[str, Any], unique: str) -> LongJob:
    name = f"{unique}-job"
    parameters = {**job, "JobName": name, "ContainerOverrides": {"Command": ["sleep", "600"]}}
    return LongJob(local_aws, name, branch("Job", Type="Task", Resource=SYNC, Parameters=parameters))


@dataclass(frozen=True)
class Told:
    """A branch that fails as soon as it is told to."""

    states: Any
    activity_arn: str

    @property
    def branch(self) -> dict[str, Any]:
        return branch("Told", Type="Task", Resource=self.activity_arn)

    def fail(self) -> None:
        token = self.states.get_activity_task(activityArn=self.activity_arn)["taskToken"]
        self.states.send_task_failure(taskToken=token, error="Told.Bad", cause="so")


@pytest.fixture
def told(states: Any, activity_arn: str) -> Told:
    return Told(states, activity_arn)


def test_a_branch_that_fails_stops_a_sibling_that_waits(machines: Machines) -> None:
    execution = machines.start(machines.create(parallel(FAILING, WAITING)))
    described = machines.ended(execution)
    assert (described["status"], described["error"]) == ("FAILED", "Sfn.ActivityDoesNotExistException")
    assert machines.events(execution)[-4:] == [
        "WaitStateAborted",
        "TaskStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]


def test_a_branch_that_fails_ends_its_sibling_s_job(
    machines: Machines, told: Told, long_job: LongJob
) -> None:
    execution = machines.start(machines.create(parallel(told.branch, long_job.branch)))
    long_job.reached("RUNNING")
    told.fail()
    assert machines.ended(execution)["error"] == "Told.Bad"
    assert long_job.reached("FAILED")["statusReason"] == "The execution was stopped"
    assert machines.events(execution)[-5:] == [
        "ActivityFailed",
        "TaskStateAborted",
        "TaskStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]


def test_it_goes_on_at_once_where_the_failure_is_caught(
    machines: Machines, told: Told, long_job: LongJob
) -> None:
    caught = parallel(told.branch, long_job.branch, Catch=[{**ALL, "Next": "Caught"}])
    execution = machines.start(machines.create(caught))
    long_job.reached("RUNNING")
    told.fail()
    assert json.loads(machines.ended(execution)["output"]) == {"Error": "Told.Bad", "Cause": "so"}
    long_job.reached("FAILED")


def test_an_iteration_that_fails_ends_the_others_and_their_jobs(
    machines: Machines, told: Told, long_job: LongJob
) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$", "StringEquals": "told", "Next": "Told"}],
        "Default": "Job",
    }
    both = {**told.branch["States"], **long_job.branch["States"]}
    processor = {"StartAt": "Which", "States": {"Which": choice, **both}}
    each = {"Type": "Map", "ItemProcessor": processor, "End": True}
    execution = machines.start(
        machines.create({"StartAt": "Each", "States": {"Each": each}}), ["told", "job"]
    )
    long_job.reached("RUNNING")
    told.fail()
    assert machines.ended(execution)["error"] == "Told.Bad"
    long_job.reached("FAILED")
    assert machines.events(execution)[-6:] == [
        "MapIterationFailed",
        "TaskStateAborted",
        "MapIterationAborted",
        "TaskStateAborted",
        "MapStateFailed",
        "ExecutionFailed",
    ]


def test_the_token_of_a_sibling_s_activity_is_dead(
    states: Any, machines: Machines, told: Told, unique: str
) -> None:
    other = states.create_activity(name=f"{unique}-other")["activityArn"]
    execution = machines.start(
        machines.create(
            parallel(
                told.branch, branch("Work", Type="Task", Resource=other), Catch=[{**ALL, "Next": "Caught"}]
            )
        )
    )
    token = states.get_activity_task(activityArn=other)["taskToken"]
    told.fail()
    machines.ended(execution)
    assert refused(lambda: states.send_task_heartbeat(taskToken=token)) == "TaskTimedOut"


def test_a_further_try_runs_all_branches_again(states: Any, machines: Machines, activity_arn: str) -> None:
    work = branch("Work", Type="Task", Resource=activity_arn)
    retry = [{**ALL, "IntervalSeconds": 1, "MaxAttempts": 1}]
    execution = machines.start(machines.create(parallel(work, WAITING, Retry=retry)))
    for _ in range(2):
        # a poll ends after a second, which is as long as the retrier waits
        token = eventually(lambda: states.get_activity_task(activityArn=activity_arn).get("taskToken"))
        states.send_task_failure(taskToken=token, error="Bad")
    machines.ended(execution)
    assert machines.events(execution).count("ParallelStateStarted") == 2


@pytest.mark.parametrize("depth", [1, 2])
def test_stopping_the_execution_ends_the_jobs_of_all_branches(
    states: Any, machines: Machines, long_job: LongJob, depth: int
) -> None:
    machine = long_job.branch
    for number in range(depth):
        machine = branch(f"P{number}", Type="Parallel", Branches=[machine])
    execution = machines.start(machines.create(machine))
    long_job.reached("RUNNING")
    states.stop_execution(executionArn=execution)
    long_job.reached("FAILED")
    assert machines.events(execution)[-1] == "ExecutionAborted"


def test_a_sibling_that_waits_for_its_callback_is_given_up(
    local_aws: LocalAws, machines: Machines, unique: str
) -> None:
    queue = local_aws.client("sqs").create_queue(QueueName=unique)["QueueUrl"]
    message = {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}}
    resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    waiting = branch("Wait", Type="Task", Resource=resource, Parameters=message)
    execution = machines.start(machines.create(parallel(FAILING, waiting)))
    assert machines.ended(execution)["error"] == "Sfn.ActivityDoesNotExistException"
