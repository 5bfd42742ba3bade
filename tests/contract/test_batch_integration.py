"""Step Functions calls Batch itself."""

import json
from typing import Any

from sluice_local.server import LocalAws
from tests.support.building import Machines, eventually, refused

SUBMIT = "arn:aws:states:::batch:submitJob"


def test_a_state_machine_submits_a_job_and_describes_it(
    local_aws: LocalAws, machines: Machines, job: Any
) -> None:
    before = local_aws.page("calls")["calls"].get("Batch.SubmitJob", {"count": 0})["count"]
    submitted = machines.output(machines.of_one_task(SUBMIT, Parameters=job))
    assert submitted.keys() == {"JobArn", "JobId", "JobName"}
    assert local_aws.page("calls")["calls"]["Batch.SubmitJob"]["count"] == before + 1
    describe = {"Jobs": [submitted["JobId"]]}
    arn = machines.create(
        {
            "StartAt": "Describe",
            "States": {
                "Describe": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::aws-sdk:batch:describeJobs",
                    "Parameters": describe,
                    "End": True,
                }
            },
        },
        "-describe",
    )
    described = machines.output(arn)["Jobs"][0]
    assert (described["JobName"], described["Parameters"]) == ("job", {"code": "0"})


def test_the_sync_form_waits_for_the_job(machines: Machines, job: Any) -> None:
    assert machines.output(machines.of_one_task(f"{SUBMIT}.sync", Parameters=job))["Status"] == "SUCCEEDED"


def test_the_sync_form_hears_of_the_end_by_event_before_it_polls(
    local_aws: LocalAws, machines: Machines, job: Any
) -> None:
    def describes() -> int:
        return int(local_aws.page("calls")["calls"].get("Batch.DescribeJobs", {"count": 0})["count"])

    before = describes()
    machines.output(machines.of_one_task(f"{SUBMIT}.sync", Parameters=job))
    assert describes() == before


def test_a_stopped_execution_terminates_the_job_that_it_waits_for(
    local_aws: LocalAws, machines: Machines, states: Any, job: Any
) -> None:
    waiting = {
        **job,
        "ContainerOverrides": {"Command": ["sleep", "600"]},
        "JobName": f"{job['JobQueue']}-long",
    }
    execution = machines.start(machines.of_one_task(f"{SUBMIT}.sync", Parameters=waiting))

    def in_state(*wanted: str) -> dict[str, Any] | None:
        rows = [row for row in local_aws.page("jobs")["jobs"] if row["jobName"] == waiting["JobName"]]
        return next((row for row in rows if row["status"] in wanted), None)

    eventually(lambda: in_state("RUNNING"))
    states.stop_execution(executionArn=execution)
    assert eventually(lambda: in_state("FAILED"))["statusReason"] == "The execution was stopped"


def test_a_failed_job_fails_the_sync_form_with_the_job_as_cause(machines: Machines, job: Any) -> None:
    failing = {**job, "Parameters": {"code": "3"}}
    described = machines.ended(machines.start(machines.of_one_task(f"{SUBMIT}.sync", Parameters=failing)))
    assert described["error"] == "States.TaskFailed"
    assert json.loads(described["cause"])["Container"]["ExitCode"] == 3


def test_a_refused_job_has_aws_s_error_name(machines: Machines, job: Any) -> None:
    arn = machines.of_one_task(SUBMIT, Parameters={**job, "JobQueue": "none"})
    assert machines.ended(machines.start(arn))["error"] == "Batch.AWSBatchException"


def test_unknown_and_camel_case_members_are_refused_when_the_machine_is_made(
    machines: Machines, job: Any
) -> None:
    wrong = {"jobName": job["JobName"], **{name: job[name] for name in ("JobQueue", "JobDefinition")}}
    assert refused(lambda: machines.of_one_task(f"{SUBMIT}.sync", Parameters=wrong)) == "InvalidDefinition"


def test_and_when_they_come_at_run_time(machines: Machines, job: Any) -> None:
    overrides = {"ContainerOverrides.$": "$.overrides"}
    arn = machines.of_one_task(f"{SUBMIT}.sync", Parameters={**job, **overrides})
    described = machines.ended(machines.start(arn, {"overrides": {"environment": []}}))
    assert described["error"] == "States.Runtime"
    told = 'could not be used to start the Task: [The field "environment" is not supported by Step Functions]'
    assert told in described["cause"]


def test_nulls_and_numbers_are_taken(machines: Machines, job: Any) -> None:
    environment = [{"Name": "CODE", "Value": 0}, {"Name": "AGAIN", "Value": None}]
    overrides = {"Environment": environment, "Command": ["sh", "-c", 'exit "$CODE$AGAIN"']}
    taken = {**job, "ContainerOverrides": overrides, "ArrayProperties": None}
    output = machines.output(machines.of_one_task(f"{SUBMIT}.sync", Parameters=taken))
    assert output["Container"]["ExitCode"] == 0


def test_the_sync_form_s_history_has_the_submission(machines: Machines, states: Any, job: Any) -> None:
    execution = machines.start(machines.of_one_task(f"{SUBMIT}.sync", Parameters=job))
    machines.ended(execution)
    events = states.get_execution_history(executionArn=execution)["events"]
    task = [event for event in events if event["type"] in {"TaskScheduled", "TaskStarted", "TaskSubmitted"}]
    assert len(task) == 3
    for event in task:
        details = next(value for name, value in event.items() if name.endswith("EventDetails"))
        assert (details["resourceType"], details["resource"]) == ("batch", "submitJob.sync")
    assert json.loads(task[0]["taskScheduledEventDetails"]["parameters"]) == job
    assert json.loads(task[2]["taskSubmittedEventDetails"]["output"]).keys() == {"JobArn", "JobId", "JobName"}
