"""The answers of an AWS whose stack is healthy, and of one that is not in one respect."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from tests.functional.cli.fakes import ARN, NOW, NOW_MS, OUTPUTS, described_stack

RESOURCES = {
    "JobEventsDeadLetters": ("AWS::SQS::Queue", "https://sqs/dead"),
    "JobEventsQueue": ("AWS::SQS::Queue", "https://sqs/events"),
    "JobEndedRule": ("AWS::Events::Rule", "rule"),
    "ExecutionStartedRule": ("AWS::Events::Rule", "default|started"),
    "EveryMinute": ("AWS::Scheduler::Schedule", "schedule"),
    "JobEvents": ("AWS::Lambda::EventSourceMapping", "uuid"),
    "SubmitJobsFunction": ("AWS::Lambda::Function", "submit"),
    "SubmitJobsLogs": ("AWS::Logs::LogGroup", "/sluice/sluice/submit_jobs"),
    "NoPollerAlarm": ("AWS::CloudWatch::Alarm", "alarm"),
    "TaskTable": ("AWS::DynamoDB::Table", "tasks"),
}
IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/lowpass:1"


def caller(seconds_off: float = 0) -> dict[str, Any]:
    headers = {"date": format_datetime(NOW + timedelta(seconds=seconds_off), usegmt=True)}
    return {"Account": "111122223333", "Arn": "me", "ResponseMetadata": {"HTTPHeaders": headers}}


def resources() -> list[dict[str, Any]]:
    rows = [
        {"LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": physical}
        for name, (kind, physical) in RESOURCES.items()
    ]
    return [{"StackResourceSummaries": rows}]


def queue(**fields: Any) -> dict[str, Any]:
    usual = {
        "jobQueueArn": OUTPUTS["JobQueueArn"],
        "jobQueueName": "jobs",
        "state": "ENABLED",
        "status": "VALID",
        "computeEnvironmentOrder": [{"computeEnvironment": "spot"}],
    }
    return {"jobQueues": [{**usual, **fields}]}


def environment(**fields: Any) -> dict[str, Any]:
    resources = {"type": "FARGATE_SPOT", "maxvCpus": 256}
    arn = "arn:aws:batch:us-east-1:111122223333:compute-environment/spot"
    usual = {
        "computeEnvironmentName": "spot",
        "computeEnvironmentArn": arn,
        "state": "ENABLED",
        "status": "VALID",
    }
    return {"computeEnvironments": [{**usual, "computeResources": resources, **fields}]}


def runnable(queue: str, *minutes_ago: float) -> Any:
    """ListJobs of a queue in which jobs have been RUNNABLE for so long."""

    def list_jobs(**asked: Any) -> dict[str, Any]:
        assert asked["jobStatus"] == "RUNNABLE"
        waiting = minutes_ago if asked["jobQueue"] == queue else ()
        return {"jobSummaryList": [{"createdAt": NOW_MS - round(each * 60_000)} for each in waiting]}

    return list_jobs


def instances(**resources: Any) -> dict[str, Any]:
    """A compute environment of EC2's."""
    return environment(computeResources={"type": "EC2", "maxvCpus": 256, **resources})


def definition(image: str = IMAGE, status: str = "ACTIVE") -> dict[str, Any]:
    arn = OUTPUTS["AlignJobDefinitionArn"]
    return {
        "jobDefinitions": [
            {"jobDefinitionArn": arn, "status": status, "containerProperties": {"image": image}}
        ]
    }


def execution(name: str, status: str, minutes_ago: float = 60) -> dict[str, Any]:
    return {
        "name": name,
        "status": status,
        "executionArn": f"{ARN}:execution:x:{name}",
        "startDate": NOW - timedelta(minutes=minutes_ago),
    }


def executions(pollers: list[dict[str, Any]], running: list[dict[str, Any]]) -> Any:
    """ListExecutions of the poller's and the workflow's state machines."""
    by_machine = {OUTPUTS["ActivityPollerArn"]: pollers, OUTPUTS["WorkflowArn"]: running}
    return lambda **asked: {"executions": by_machine[asked["stateMachineArn"]]}


def last_event(kind: str) -> dict[str, Any]:
    return {"events": [{"type": kind, "timestamp": NOW - timedelta(minutes=30)}]}


def messages(dead: int = 0, waiting: int = 0) -> Any:
    counts = {"https://sqs/dead": dead, "https://sqs/events": waiting}

    def get_queue_attributes(**asked: Any) -> dict[str, Any]:
        count = str(counts[asked["QueueUrl"]])
        return {"Attributes": {"ApproximateNumberOfMessages": count, "QueueArn": "arn:dead"}}

    return get_queue_attributes


def quota(vcpus: float) -> list[dict[str, Any]]:
    return [{"Quotas": [{"QuotaName": "Fargate Spot vCPU resource count", "Value": vcpus}]}]


def alarm(state: str) -> dict[str, Any]:
    fields = {"StateReason": "threshold crossed", "AlarmDescription": "What to do."}
    return {"MetricAlarms": [{"AlarmName": "alarm", "StateValue": state, **fields}]}


def lately(**values: float) -> Any:
    """GetMetricData of the last quarter of an hour, by the names of the queries."""

    def get_metric_data(**asked: Any) -> list[dict[str, Any]]:
        named = [each["Id"] for each in asked["MetricDataQueries"]]
        return [
            {
                "MetricDataResults": [
                    {"Id": each, "Values": [values[each]]} for each in named if each in values
                ]
            }
        ]

    return get_metric_data


def metrics(woken: int = 0, came: int = 0) -> Any:
    """GetMetricData of a day: in how many hours executions started, and in how many of these tasks came."""

    def get_metric_data(**asked: Any) -> list[dict[str, Any]]:
        counts = {"woken": woken, "came": came}
        results = []
        for query in asked["MetricDataQueries"]:
            hours = range(counts.get(query["Id"], 0))
            times = [NOW - timedelta(hours=hour) for hour in hours]
            results.append({"Id": query["Id"], "Timestamps": times, "Values": [20.0 for _ in hours]})
        return [{"MetricDataResults": results}]

    return get_metric_data


HEALTHY: dict[str, Any] = {
    "sts.get_caller_identity": caller(),
    "cloudformation.describe_stacks": described_stack(),
    "cloudformation.list_stack_resources": resources(),
    "stepfunctions.list_executions": executions([execution("slot-0-1", "SUCCEEDED")], []),
    "stepfunctions.get_execution_history": last_event("ActivityScheduled"),
    "sqs.get_queue_attributes": messages(),
    "events.describe_rule": {"State": "ENABLED"},
    "scheduler.get_schedule": {"State": "ENABLED"},
    "lambda.get_event_source_mapping": {"State": "Enabled"},
    "cloudwatch.get_metric_data": metrics(),
    "cloudwatch.describe_alarms": [alarm("OK")],
    "batch.describe_job_queues": queue(),
    "batch.describe_compute_environments": environment(),
    "batch.list_jobs": runnable(OUTPUTS["JobQueueArn"]),
    "batch.describe_job_definitions": definition(),
    "service-quotas.list_service_quotas": quota(4000),
    "ecr.describe_images": {"imageDetails": [{}]},
}
