"""Each fault of a Batch job looks to its client as on AWS; each fault of an event does to its receiver."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from sluice_local.faults.plan import Fault, FaultKind, FaultPlan
from sluice_local.server import LocalAws
from tests.support.building import NEEDS, Machines, eventually

JOB_EVENT = "Batch Job State Change"
LATE_SECONDS = 2.0  # longer than a job takes on a busy machine
EXECUTION_EVENT = "Step Functions Execution Status Change"
FINAL = {"SUCCEEDED", "FAILED"}
UNPLACEABLE = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"


@dataclass(frozen=True)
class Work:
    """A job queue, a job definition that runs a shell, and a queue of the events of both services."""

    aws: LocalAws
    name: str

    @property
    def batch(self) -> Any:
        return self.aws.client("batch")

    def create(self, **queue: Any) -> None:
        batch, name = self.batch, self.name
        batch.create_compute_environment(computeEnvironmentName=name, type="UNMANAGED")
        order = [{"order": 1, "computeEnvironment": name}]
        batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order, **queue)
        container = {"image": "any", "command": ["true"], "resourceRequirements": NEEDS}
        batch.register_job_definition(jobDefinitionName=name, type="container", containerProperties=container)

    def submit(self, script: str = "true", **request: Any) -> str:
        answer = self.batch.submit_job(
            jobName=self.name,
            jobQueue=self.name,
            jobDefinition=self.name,
            containerOverrides={"command": ["sh", "-c", script]},
            **request,
        )
        return str(answer["jobId"])

    def described(self, job_id: str) -> dict[str, Any] | None:
        jobs = self.batch.describe_jobs(jobs=[job_id])["jobs"]
        return dict(jobs[0]) if jobs else None

    def awaited(self, job_id: str, *statuses: str) -> dict[str, Any]:
        def probe() -> dict[str, Any] | None:
            job = self.described(job_id)
            return job if job and job["status"] in statuses else None

        return eventually(probe)

    def ended(self, job_id: str) -> dict[str, Any]:
        return self.awaited(job_id, *FINAL)

    def inject(self, kind: FaultKind, target: str | None = None, **fields: Any) -> None:
        self.aws.inject(FaultPlan(1, (Fault(kind, target or self.name, **fields),)))

    def events(self, detail_type: str, **detail: Any) -> "Events":
        sqs, rules = self.aws.client("sqs"), self.aws.client("events")
        url = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"detail-type": [detail_type], **({"detail": detail} if detail else {})}
        rules.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        rules.put_targets(Rule=self.name, Targets=[{"Id": "queue", "Arn": arn}])
        return Events(sqs, url)


@dataclass(frozen=True)
class Events:
    """The statuses that came to a queue, in the order in which they came."""

    sqs: Any
    url: str

    def next(self) -> str | None:
        answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=1)
        for message in answer.get("Messages", ()):
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            return str(json.loads(message["Body"])["detail"]["status"])
        return None

    def take(self, count: int) -> list[str]:
        return [eventually(self.next) for _ in range(count)]


@pytest.fixture
def work(aws: LocalAws, unique: str) -> Work:
    made = Work(aws, unique)
    made.create()
    return made


# ------------------------------------------------------------------------------------------- jobs


def test_a_job_ended_by_hand_says_so(work: Work) -> None:
    work.inject(FaultKind.JOB_TERMINATED, seconds=0.2, count=1)
    job = work.ended(work.submit("exec sleep 60"))
    assert (job["status"], job["isTerminated"], job["statusReason"]) == ("FAILED", True, "Terminated by hand")
    assert work.ended(work.submit())["status"] == "SUCCEEDED"


def test_a_short_job_is_ended_by_hand_too(work: Work) -> None:
    work.inject(FaultKind.JOB_TERMINATED)
    assert work.ended(work.submit())["isTerminated"]


def test_a_job_on_a_lost_host_has_no_exit_code_and_is_retried_if_it_may_be(work: Work) -> None:
    # GIVEN a host that is lost once
    work.inject(FaultKind.SPOT_INTERRUPTION, seconds=0.2, count=1)
    # WHEN a job with two attempts runs there
    rules = [{"action": "RETRY", "onStatusReason": "Host EC2*"}, {"action": "EXIT", "onReason": "*"}]
    job_id = work.submit(
        "[ $AWS_BATCH_JOB_ATTEMPT = 2 ] || exec sleep 60",
        retryStrategy={"attempts": 2, "evaluateOnExit": rules},
    )
    # THEN the second one succeeds
    job = work.ended(job_id)
    first, second = job["attempts"]
    assert first["statusReason"].startswith("Host EC2 (instance i-")
    assert "exitCode" not in first["container"]
    assert (job["status"], second["container"]["exitCode"]) == ("SUCCEEDED", 0)


def test_a_lost_host_fails_a_job_with_one_attempt_however_short(work: Work) -> None:
    work.inject(FaultKind.SPOT_INTERRUPTION)
    job = work.ended(work.submit())
    assert (job["status"], job["statusReason"][:9]) == ("FAILED", "Host EC2 ")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (FaultKind.JOB_FAILS_TO_START, "CannotPullContainerError"),
        (FaultKind.JOB_NOT_STARTED, "CannotStartContainerError"),
    ],
)
def test_a_job_that_cannot_be_started_never_runs(
    work: Work, tmp_path: Any, fault: FaultKind, reason: str
) -> None:
    work.inject(fault)
    job = work.ended(work.submit(f"touch {tmp_path}/ran"))
    assert (job["status"], job["statusReason"]) == ("FAILED", "Task failed to start")
    assert job["container"]["reason"].startswith(reason)
    assert "exitCode" not in job["container"]
    assert not (tmp_path / "ran").exists()


def test_a_vanished_job_is_known_to_nobody_and_no_event_tells_of_it(work: Work) -> None:
    # GIVEN a job that runs, and vanishes
    events = work.events(JOB_EVENT, status=["RUNNING", *FINAL])
    work.inject(FaultKind.JOB_VANISHED, seconds=LATE_SECONDS, count=1)
    job_id = work.submit("exec sleep 60")
    work.awaited(job_id, "RUNNING")
    eventually(lambda: work.described(job_id) is None)
    # THEN no list has it, its slot is free again, and the next event is another job's
    by_name = [{"name": "JOB_NAME", "values": [work.name]}]
    assert work.batch.list_jobs(jobQueue=work.name, filters=by_name)["jobSummaryList"] == []
    (strike,) = work.aws.page("faults")["strikes"]
    assert job_id in strike["subject"]
    for _ in range(4):  # as many as there are slots
        work.ended(work.submit())
    assert events.take(3) == ["RUNNING", "RUNNING", "SUCCEEDED"]


def test_a_job_may_vanish_before_anybody_looks(work: Work) -> None:
    work.inject(FaultKind.JOB_VANISHED)
    assert work.described(work.submit()) is None


def test_a_vanished_array_takes_its_children_along(work: Work) -> None:
    work.inject(FaultKind.JOB_VANISHED)
    job_id = work.submit("exec sleep 60", arrayProperties={"size": 2})
    assert work.described(job_id) is None
    assert work.described(f"{job_id}:0") is None


def test_a_stuck_job_tells_why_and_runs_when_the_fault_is_healed(work: Work) -> None:
    work.inject(FaultKind.JOB_STUCK_RUNNABLE, count=1)
    stuck, other = work.submit(), work.submit()
    assert work.ended(other)["status"] == "SUCCEEDED"
    job = work.awaited(stuck, "RUNNABLE")
    assert job["statusReason"].startswith(f"{UNPLACEABLE} - ")
    work.aws.end_faults()
    assert work.ended(stuck)["status"] == "SUCCEEDED"


def test_a_stuck_job_can_be_terminated(work: Work) -> None:
    work.inject(FaultKind.JOB_STUCK_RUNNABLE)
    job_id = work.submit()
    eventually(lambda: (work.described(job_id) or {}).get("statusReason"))
    work.batch.terminate_job(jobId=job_id, reason="nobody needs it")
    job = work.ended(job_id)
    assert (job["status"], job["statusReason"]) == ("FAILED", "nobody needs it")


def test_the_queue_s_time_limit_cancels_a_stuck_job(aws: LocalAws, unique: str) -> None:
    work = Work(aws, unique)
    limit = {"reason": UNPLACEABLE, "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}
    work.create(jobStateTimeLimitActions=[limit])
    work.inject(FaultKind.JOB_STUCK_RUNNABLE, seconds=0.2)
    job = work.ended(work.submit())
    assert (job["status"], job["isCancelled"]) == ("FAILED", True)
    assert job["statusReason"] == f"Canceled by JobStateTimeLimit action due to reason: {UNPLACEABLE}"


# ------------------------------------------------------------------------------------------- events


def test_a_dropped_event_never_comes(work: Work) -> None:
    events = work.events(JOB_EVENT, status=["STARTING", "RUNNING", "SUCCEEDED"])
    work.inject(FaultKind.EVENT_DROPPED, f"{JOB_EVENT}:RUNNING")
    work.ended(work.submit())
    assert events.take(2) == ["STARTING", "SUCCEEDED"]
    assert work.aws.page("faults")["injected"] == {"event_dropped": {f"{JOB_EVENT}:RUNNING": 1}}


def test_a_doubled_event_comes_twice(work: Work) -> None:
    events = work.events(JOB_EVENT, status=["SUCCEEDED"])
    work.inject(FaultKind.EVENT_DOUBLED, JOB_EVENT)
    work.ended(work.submit())
    assert events.take(2) == ["SUCCEEDED", "SUCCEEDED"]


def test_a_doubled_event_may_come_again_later(work: Work) -> None:
    events = work.events(JOB_EVENT, status=["RUNNING", "SUCCEEDED"])
    work.inject(FaultKind.EVENT_DOUBLED, f"{JOB_EVENT}:RUNNING", seconds=LATE_SECONDS)
    work.ended(work.submit())
    assert events.take(3) == ["RUNNING", "SUCCEEDED", "RUNNING"]


def test_a_delayed_event_comes_late(work: Work) -> None:
    events = work.events(JOB_EVENT, status=["RUNNING", "SUCCEEDED"])
    work.inject(FaultKind.EVENT_DELAYED, f"{JOB_EVENT}:RUNNING", seconds=LATE_SECONDS)
    work.ended(work.submit())
    assert events.take(2) == ["SUCCEEDED", "RUNNING"]


def test_two_events_change_places(work: Work) -> None:
    events = work.events(JOB_EVENT, status=["STARTING", "RUNNING", "SUCCEEDED"])
    work.inject(FaultKind.EVENT_REORDERED, JOB_EVENT, after=1, count=1, seconds=60)  # RUNNABLE, STARTING
    work.ended(work.submit())
    assert events.take(3) == ["RUNNING", "STARTING", "SUCCEEDED"]


def test_an_event_that_none_follows_comes_late(work: Work) -> None:
    events = work.events(JOB_EVENT, status=["SUCCEEDED"])
    work.inject(FaultKind.EVENT_REORDERED, f"{JOB_EVENT}:SUCCEEDED", seconds=0.2)
    work.ended(work.submit())
    assert events.take(1) == ["SUCCEEDED"]


def test_events_of_executions_are_lost_too(aws: LocalAws, unique: str) -> None:
    work, machines = Work(aws, unique), Machines(aws.client("stepfunctions"), unique)
    machine = machines.create({"StartAt": "Do", "States": {"Do": {"Type": "Pass", "End": True}}})
    events = work.events(EXECUTION_EVENT, stateMachineArn=[machine])
    work.inject(FaultKind.EVENT_DROPPED, f"{EXECUTION_EVENT}:RUNNING", count=1)
    machines.ended(machines.start(machine))
    machines.ended(machines.start(machine))
    assert events.take(3) == ["SUCCEEDED", "RUNNING", "SUCCEEDED"]


def test_people_s_own_events_are_left_alone(work: Work) -> None:
    events = work.events("Sample Arrived")
    work.inject(FaultKind.EVENT_DROPPED, "*")
    entry = {"Source": "lab", "DetailType": "Sample Arrived", "Detail": '{"status": "NEW"}'}
    work.aws.client("events").put_events(Entries=[entry])
    assert events.take(1) == ["NEW"]
