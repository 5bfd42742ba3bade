"""`sluice doctor` on an AWS in which one thing at a time is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sluice.cohorts.model import Sample, SampleStatus
from sluice.tasks.model import Trouble
from sluice_cli.errors import AwsError
from tests.functional.cli.fakes import (
    NOW_MS,
    OUTPUTS,
    FakeApi,
    denied,
    described_stack,
    document,
    keyed,
    run,
    with_cohorts,
)
from tests.functional.cli.health import (
    HEALTHY,
    alarm,
    caller,
    definition,
    environment,
    execution,
    executions,
    instances,
    last_event,
    lately,
    messages,
    metrics,
    queue,
    quota,
    runnable,
)
from tests.support.builders import EXECUTION, job, open_record
from tests.support.cohort_fakes import MemoryCohortStore
from tests.support.fakes import MemoryTaskStore


def examined(**answers: Any) -> tuple[int, dict[str, Any]]:
    """The exit code, and all that is not fine by its check."""
    return examined_by(FakeApi(keyed({**HEALTHY, **answers})))


def examined_by(api: FakeApi) -> tuple[int, dict[str, Any]]:
    result = run(api, "doctor", "--json")
    findings = [each for each in document(result)["findings"] if each["level"] != "ok"]
    return result.exit_code, {each["check"]: each for each in findings}


def test_a_healthy_stack_is_fine_in_every_respect() -> None:
    assert examined() == (0, {})
    result = run(FakeApi(keyed(HEALTHY)), "doctor")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "All 19 checks are fine."


TROUBLES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "a clock far off": ({"sts.get_caller_identity": caller(600)}, "clock", "wrong", "600 s off"),
    "a clock a bit off": ({"sts.get_caller_identity": caller(-60)}, "clock", "warning", "60 s off"),
    "a failed update": (
        {"cloudformation.describe_stacks": described_stack(StackStatus="UPDATE_ROLLBACK_COMPLETE")},
        "stack",
        "warning",
        "UPDATE_ROLLBACK_COMPLETE",
    ),
    "a deployment under way": (
        {"cloudformation.describe_stacks": described_stack(StackStatus="UPDATE_IN_PROGRESS")},
        "stack",
        "warning",
        "UPDATE_IN_PROGRESS",
    ),
    "a broken stack": (
        {"cloudformation.describe_stacks": described_stack(StackStatus="ROLLBACK_FAILED")},
        "stack",
        "wrong",
        "ROLLBACK_FAILED",
    ),
    "a rate above the quota": (
        {
            "cloudformation.describe_stacks": described_stack(
                Parameters=[{"ParameterKey": "SubmitRatePerSecond", "ParameterValue": "80"}]
            )
        },
        "submit rate",
        "wrong",
        "80 jobs a second",
    ),
    "work and no poller": (
        {"stepfunctions.list_executions": executions([], [execution("s1", "RUNNING")])},
        "pollers",
        "wrong",
        "no poller runs",
    ),
    "a poller that takes nothing": (
        {
            "stepfunctions.list_executions": executions(
                [execution("slot-0-2", "RUNNING")], [execution("s1", "RUNNING")]
            )
        },
        "pollers",
        "wrong",
        "1 of 1 pollers run",
    ),
    "a poller that died": (
        {"stepfunctions.list_executions": executions([execution("slot-0-2", "FAILED")], [])},
        "last poller",
        "warning",
        "slot-0-2 FAILED",
    ),
    "few open polls": (
        {
            "cloudformation.describe_stacks": described_stack(
                Parameters=[{"ParameterKey": "OpenPolls", "ParameterValue": "20"}]
            )
        },
        "open polls",
        "warning",
        "OpenPolls is 20",
    ),
    "more open tasks than heartbeats": (
        {
            "cloudformation.describe_stacks": described_stack(
                Parameters=[{"ParameterKey": "MaxOpenTasks", "ParameterValue": "100000"}]
            )
        },
        "heartbeats",
        "warning",
        "MaxOpenTasks is 100,000, and 75,000 tasks can have a heartbeat every 5 min",
    ),
    "tasks that wait for slots": (
        {"cloudwatch.get_metric_data": lately(waited=150_000.0)},
        "SubmitJob",
        "warning",
        "tasks waited 2 min 30 s on average for a poller: more arrive than can be submitted, 49",
    ),
    "a table that throttles": (
        {"cloudwatch.get_metric_data": lately(write0=7.0)},
        "tables",
        "warning",
        "TaskTable throttled 7 calls",
    ),
    "jobs that wait on Fargate": (
        {"batch.list_jobs": runnable(OUTPUTS["JobQueueArn"], 5, 11, 90)},
        "capacity",
        "warning",
        "2 jobs in jobs have been RUNNABLE for over 10 min, one was submitted 1 h 30 min ago",
    ),
    "a page of jobs that wait": (
        {"batch.list_jobs": runnable(OUTPUTS["JobQueueArn"], *[30.0] * 2000)},
        "capacity",
        "warning",
        "1,000 or more jobs",
    ),
    "dead letters": ({"sqs.get_queue_attributes": messages(dead=3)}, "dead letters", "wrong", "holds 3"),
    "a long line": ({"sqs.get_queue_attributes": messages(waiting=20_000)}, "queue", "warning", "20000"),
    "a rule off": ({"events.describe_rule": {"State": "DISABLED"}}, "routes", "wrong", "Rule is DISABLED"),
    "a schedule off": ({"scheduler.get_schedule": {"State": "DISABLED"}}, "routes", "wrong", "EveryMinute"),
    "a source off": (
        {"lambda.get_event_source_mapping": {"State": "Disabled"}},
        "routes",
        "wrong",
        "JobEvents",
    ),
    "a failing function": (
        {"cloudwatch.get_metric_data": [{"MetricDataResults": [{"Id": "m0", "Values": [2.0, 1.0]}]}]},
        "functions",
        "warning",
        "SubmitJobsFunction: 3 Errors",
    ),
    "strangers that wake it": (
        {"cloudwatch.get_metric_data": metrics(woken=9, came=2)},
        "wake-ups",
        "warning",
        "in 7 of the last 24 hours no task came, but 140 executions of any state machine started",
    ),
    "an alarm": (
        {"cloudwatch.describe_alarms": [alarm("ALARM")]},
        "alarms",
        "wrong",
        "NoPollerAlarm went off",
    ),
    "a queue off": ({"batch.describe_job_queues": queue(state="DISABLED")}, "job queue", "wrong", "DISABLED"),
    "no queue": ({"batch.describe_job_queues": {"jobQueues": []}}, "job queue", "wrong", "does not exist"),
    "a queue in the making": (
        {"batch.describe_job_queues": queue(status="UPDATING")},
        "job queue",
        "warning",
        "UPDATING",
    ),
    "an invalid environment": (
        {"batch.describe_compute_environments": environment(status="INVALID", statusReason="no role")},
        "compute environment",
        "wrong",
        "INVALID: no role",
    ),
    "a small quota": ({"service-quotas.list_service_quotas": quota(6)}, "quota", "warning", "is 6"),
    "an old definition": (
        {"batch.describe_job_definitions": definition(status="INACTIVE")},
        "job definition",
        "wrong",
        "align:1 is INACTIVE",
    ),
    "an image not pushed": (
        {"ecr.describe_images": AwsError("no", "ImageNotFoundException")},
        "image",
        "wrong",
        "is not in ECR",
    ),
    "an image of nowhere": (
        {"batch.describe_job_definitions": definition("sluice-lowpass:latest")},
        "image",
        "wrong",
        "Docker Hub",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble_is_found_alone_and_says_the_way_out(trouble: str) -> None:
    answers, check, level, says = TROUBLES[trouble]
    exit_code, found = examined(**answers)
    assert set(found) == {check}
    assert (found[check]["level"], exit_code) == (level, 1 if level == "wrong" else 0)
    assert says in found[check]["says"]
    assert found[check]["wayOut"]


def test_tasks_that_no_reconciler_looks_at_are_found_by_the_oldest_look() -> None:
    looked = {f"{minutes} min": NOW_MS - minutes * 60_000 for minutes in (5, 60)}
    tasks = {
        token: replace(open_record(job("align"), token=token), heartbeat_at=at)
        for token, at in looked.items()
    }
    code, found = examined_by(FakeApi(keyed(HEALTHY), task_table=MemoryTaskStore(tasks)))
    assert (code, set(found), found["reconciler"]["level"]) == (1, {"reconciler"}, "wrong")
    says = "the longest-waiting open task was last checked 1 h ago"
    assert says in found["reconciler"]["says"]
    assert found["reconciler"]["wayOut"]
    del tasks["60 min"]
    assert examined_by(FakeApi(keyed(HEALTHY), task_table=MemoryTaskStore(tasks))) == (0, {})


@pytest.mark.parametrize(
    ("open_tasks", "says"),
    [
        (8, None),
        (9, "9 tasks are open; from 10 on further ones wait in the Activity (MaxOpenTasks)"),
        (10, "10 tasks are open; further ones wait in the Activity (MaxOpenTasks)"),
    ],
)
def test_as_many_open_tasks_as_may_be_are_a_wall_and_the_rate_is_none_then(
    open_tasks: int, says: str | None
) -> None:
    few = described_stack(Parameters=[{"ParameterKey": "MaxOpenTasks", "ParameterValue": "10"}])
    answers = {**HEALTHY, "cloudformation.describe_stacks": few}
    if says is not None:
        answers["cloudwatch.get_metric_data"] = lately(waited=3_600_000.0)
    records = [open_record(job("align"), token=f"token-{index}") for index in range(open_tasks)]
    tasks = {each.task.token: replace(each, heartbeat_at=NOW_MS) for each in records}
    code, found = examined_by(FakeApi(keyed(answers), task_table=MemoryTaskStore(tasks)))
    assert (code, {each: found[each]["says"] for each in found}) == (0, {"open tasks": says} if says else {})


@pytest.mark.parametrize(
    ("environments", "way_out"),
    [
        (environment(), "wait for vCPUs, or for Fargate's 20 launches a second"),
        (instances(desiredvCpus=256), "All 256 vCPUs of its compute environments are in use"),
        (instances(desiredvCpus=12), "Batch has not found instances for them"),
    ],
)
def test_what_jobs_wait_for_is_said_as_far_as_batch_tells(environments: dict[str, Any], way_out: str) -> None:
    answers = {
        "batch.list_jobs": runnable(OUTPUTS["JobQueueArn"], 20),
        "batch.describe_compute_environments": environments,
    }
    assert way_out in examined(**answers)[1]["capacity"]["wayOut"]


@pytest.mark.parametrize("named", ["jobs", OUTPUTS["JobQueueArn"]])
@pytest.mark.parametrize(("environments", "found"), [(environment(), {"arrays"}), (instances(), set())])
def test_arrays_that_are_asked_for_on_fargate_are_in_vain(
    named: str, environments: dict[str, Any], found: set[str]
) -> None:
    align = job("align", jobQueue=named, jobDefinition="align:3", parameters={"sample": "NA1"})
    record = replace(open_record(align, vary=["sample"]), heartbeat_at=NOW_MS)
    api = FakeApi(
        keyed({**HEALTHY, "batch.describe_compute_environments": environments}),
        task_table=MemoryTaskStore({record.task.token: record}),
    )
    code, findings = examined_by(api)
    assert (code, set(findings)) == (0, found)
    if found:
        assert (
            "1 open tasks ask to share arrays (`vary`), but jobs runs on Fargate"
            in findings["arrays"]["says"]
        )


def test_samples_that_no_reconciler_looks_at_are_found_by_the_oldest_look() -> None:
    samples = {("run-42", str(number)): running(minutes) for number, minutes in enumerate((5, 120))}
    answers = {**HEALTHY, "cloudformation.describe_stacks": with_cohorts()}
    code, found = examined_by(FakeApi(keyed(answers), cohort_table=MemoryCohortStore(items=samples)))
    assert (code, set(found), found["cohorts"]["level"]) == (1, {"cohorts"}, "wrong")
    assert "was last checked 2 h ago; each should be checked every 15 min" in found["cohorts"]["says"]
    assert found["cohorts"]["wayOut"]


def test_a_look_by_a_clock_that_is_ahead_is_a_look() -> None:
    tasks = {"token": replace(open_record(job("align")), heartbeat_at=NOW_MS + 60_000)}
    result = run(FakeApi(keyed(HEALTHY), task_table=MemoryTaskStore(tasks)), "doctor")
    assert "the longest-waiting open task was last checked less than 1 s ago" in result.stdout


def test_a_job_whose_submission_keeps_failing_is_found_and_its_last_answer_shown() -> None:
    said = "An error occurred (InternalError) when calling the SubmitJob operation: invalid literal"
    tasks = {
        "well": replace(open_record(job("align"), token="well"), heartbeat_at=NOW_MS),
        "ill": replace(
            open_record(job("align"), token="ill"),
            heartbeat_at=NOW_MS,
            trouble=Trouble("align", 7, NOW_MS - 35 * 60_000, said),
        ),
    }
    code, found = examined_by(FakeApi(keyed(HEALTHY), task_table=MemoryTaskStore(tasks)))
    assert (code, set(found), found["submissions"]["level"]) == (0, {"submissions"}, "warning")
    assert found["submissions"]["says"] == (
        "1 of 2 open tasks have a job that cannot be submitted; the oldest: "
        "SubmitJob failed 7 times in 35 min for job align, most recently with: invalid literal"
    )
    assert EXECUTION in found["submissions"]["wayOut"]


def running(minutes: int) -> Sample:
    """A sample that was last looked at so many minutes ago."""
    return Sample("run-42", "NA1", 1, "arn", SampleStatus.RUNNING, "{}", 1, NOW_MS - minutes * 60_000)


def test_whose_executions_are_served_is_named_with_them() -> None:
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:lab-*"
    parameters = [{"ParameterKey": "ServedWorkflowArns", "ParameterValue": machine}]
    answers = {
        "cloudformation.describe_stacks": described_stack(Parameters=parameters),
        "cloudwatch.get_metric_data": metrics(woken=24),
    }
    assert machine in examined(**answers)[1]["wake-ups"]["says"]


@pytest.mark.parametrize(("woken", "came"), [(24, 24), (24, 21), (0, 0), (0, 24)])
def test_executions_that_send_tasks_and_a_few_that_wait_are_no_strangers(woken: int, came: int) -> None:
    assert examined(**{"cloudwatch.get_metric_data": metrics(woken, came)}) == (0, {})


def test_executions_whose_jobs_run_do_not_need_a_poller() -> None:
    answers = {
        "stepfunctions.list_executions": executions([], [execution("s1", "RUNNING")]),
        "stepfunctions.get_execution_history": last_event("ActivityStarted"),
    }
    assert examined(**answers) == (0, {})


def test_an_execution_that_has_just_begun_may_wait_a_while() -> None:
    just = execution("s1", "RUNNING", minutes_ago=1)
    assert examined(**{"stepfunctions.list_executions": executions([], [just])}) == (0, {})


def test_an_image_of_another_registry_is_left_to_its_owner() -> None:
    answers = {"batch.describe_job_definitions": definition("quay.io/lab/lowpass:1")}
    assert examined(**answers) == (0, {})


def test_what_may_not_be_read_is_a_warning_that_names_the_permission() -> None:
    code, found = examined(**{"cloudwatch.describe_alarms": denied("DescribeAlarms")})
    assert code == 0
    assert found["alarms"]["level"] == "warning"
    assert "AWS refused DescribeAlarms" in found["alarms"]["says"]
    assert found["alarms"]["wayOut"] == "Ask for the permission to read it."


def test_without_credentials_or_a_stack_nothing_else_is_asked() -> None:
    api = FakeApi(keyed({"sts.get_caller_identity": AwsError("There are no AWS credentials")}))
    assert run(api, "doctor").exit_code == 1
    assert len(api.calls) == 1
    missing = AwsError("Stack with id sluice does not exist")
    stacks: dict[str, Any] = {
        "cloudformation.describe_stacks": lambda **asked: missing if asked else {"Stacks": []}
    }
    code, found = examined(**stacks)
    assert (code, set(found)) == (1, {"stack"})


def test_on_local_aws_no_image_and_no_quota_is_asked_for() -> None:
    api = FakeApi(keyed(HEALTHY), endpoint_url="http://127.0.0.1:4566")
    assert run(api, "doctor").exit_code == 0
    assert not {service for service, *_ in api.calls} & {"ecr", "service-quotas"}


def test_people_read_the_way_out_below_what_is_wrong() -> None:
    api = FakeApi(keyed({**HEALTHY, "sqs.get_queue_attributes": messages(dead=3)}))
    result = run(api, "doctor")
    lines = result.stdout.splitlines()
    at = lines.index("wrong   dead letters: JobEventsDeadLetters holds 3 events that failed")
    assert lines[at + 1].startswith("        Read the function's log")
    assert lines[at + 1].endswith("sluice redrive JobEventsDeadLetters --stack sluice")
    assert lines[-1] == "1 wrong, 0 warnings, 18 fine."
