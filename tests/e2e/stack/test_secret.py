"""The token is in the task table, and nowhere else that anybody might read."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

from tests.support.building import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.stack.stack import Stack
    from tests.support.building import Machines

PAGES = ("live", "jobs", "executions", "calls", "tables", "queues", "functions", "faults")


def test_no_task_token_reaches_a_job_an_event_a_log_a_metric_or_a_page(
    stack: Stack, machines: Machines, unique: str
) -> None:
    # GIVEN tasks that succeed, that fail, that is refused, and that is stopped
    heard = everything_on_the_bus(stack, unique)
    fine, bad = (stack.job_definition(word, word) for word in ("true", "false"))
    wrong = stack.job("wrong", fine, jobQueue="nobody-watches-it")
    stopped = machines.start(
        stack.machine(machines, stack.job("job", stack.job_definition("sleep", "sleep", "600")), name="-stop")
    )
    for name, job in (("-ok", stack.job("job", fine)), ("-bad", stack.job("job", bad)), ("-wrong", wrong)):
        machines.ended(machines.start(stack.machine(machines, job, name=name)))
    job_id = stack.submitted(stopped, "job")
    stack.states.stop_execution(executionArn=stopped)
    eventually(lambda: stack.ended_job(job_id))
    stack.invoke("ReconcileTasks", {})
    # WHEN all that there is to read is read
    tokens = stack.tokens()
    assert len(tokens) >= 3
    found = {
        "events": eventually(lambda: text if "FAILED" in (text := heard()) else None),
        "jobs": json.dumps(jobs(stack), default=str),
        "logs": "\n".join(logs(stack)),
        "metrics": json.dumps(list(metrics(stack)), default=str),
        "histories": json.dumps(list(histories(stack)), default=str),
        "pages": json.dumps([stack.aws.page(name) for name in PAGES]),
        "live page": read(f"{stack.aws.endpoint}/_sluice/"),
        "Local AWS's own log": stack.aws.log_path.read_text(),
    }
    # THEN it is what it should be, and has no token
    assert "taskKey" in found["events"]
    assert "taskKey" in found["jobs"]
    assert "TasksTaken" in found["logs"]
    assert "ActivitiesScheduled" in found["metrics"]
    assert "ActivityScheduled" in found["histories"]
    assert job_id in found["pages"]
    assert {name for name, text in found.items() if any(token in text for token in tokens)} == set()


def read(url: str) -> str:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
        return str(answer.read().decode())


def jobs(stack: Stack) -> list[object]:
    """DescribeJobs of the latest jobs."""
    found = [
        job["jobId"]
        for status in ("SUCCEEDED", "FAILED")
        for job in stack.batch.list_jobs(jobQueue=stack.outputs["JobQueueArn"], jobStatus=status)[
            "jobSummaryList"
        ]
    ]
    return list(stack.batch.describe_jobs(jobs=found[-100:])["jobs"])


def logs(stack: Stack) -> Iterator[str]:
    """All that functions and jobs have logged."""
    client = stack.aws.client("logs")
    for groups in client.get_paginator("describe_log_groups").paginate():
        for group in (each["logGroupName"] for each in groups["logGroups"]):
            for streams in client.get_paginator("describe_log_streams").paginate(logGroupName=group):
                for stream in streams["logStreams"]:
                    events = client.get_log_events(
                        logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
                    )
                    yield from (each["message"] for each in events["events"])


def metrics(stack: Stack) -> Iterator[object]:
    """Every metric that there is, with its dimensions."""
    for page in stack.aws.client("cloudwatch").get_paginator("list_metrics").paginate():
        yield from page["Metrics"]


def histories(stack: Stack) -> Iterator[object]:
    """What every execution has gone through, with its inputs and outputs; the workflows' own too."""
    states = stack.states
    for machine in states.list_state_machines(maxResults=1000)["stateMachines"]:
        arn = machine["stateMachineArn"]
        for execution in states.list_executions(stateMachineArn=arn, maxResults=100)["executions"]:
            page = states.get_execution_history(executionArn=execution["executionArn"], maxResults=1000)
            yield from page["events"]


def everything_on_the_bus(stack: Stack, unique: str) -> Callable[[], str]:
    """Lets a queue hear of every event of Batch and Step Functions; returns what reads all that it heard."""
    sqs, events = stack.aws.client("sqs"), stack.aws.client("events")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=unique, EventPattern=json.dumps({"source": ["aws.batch", "aws.states"]}))
    events.put_targets(Rule=unique, Targets=[{"Id": "all", "Arn": arn}])
    heard: list[str] = []

    def receive() -> str:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
        heard.extend(each["Body"] for each in messages)
        return "\n".join(heard)

    return receive
