"""Lambda functions run as on AWS: their errors, limits, context, environment, logs and event sources."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sluice_local.server import LocalAws
from tests.support.building import Functions, Machines, eventually

FAILING = """
class SampleMissingError(Exception): pass

def handler(event, context):
    raise SampleMissingError("no reads")
"""


def test_the_error_type_is_the_class_of_the_exception(functions: Functions) -> None:
    succeeded, payload = functions.invoke(functions.create(FAILING))
    assert not succeeded
    assert (payload["errorType"], payload["errorMessage"]) == ("SampleMissingError", "no reads")


def test_a_state_machine_catches_an_exception_by_its_class(functions: Functions, machines: Machines) -> None:
    function = functions.create(FAILING)
    machine = machines.create(
        {
            "StartAt": "Work",
            "States": {
                "Work": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "Parameters": {"FunctionName": function, "Payload": {}},
                    "Catch": [{"ErrorEquals": ["SampleMissingError"], "Next": "Caught"}],
                    "End": True,
                },
                "Caught": {"Type": "Pass", "End": True},
            },
        }
    )
    assert machines.output(machine)["Error"] == "SampleMissingError"


def test_a_function_stays_warm_after_an_exception(functions: Functions) -> None:
    source = """
calls = 0

def handler(event, context):
    global calls
    calls += 1
    if event == "raise":
        raise ValueError("once")
    return calls
"""
    arn = functions.create(source)
    functions.invoke(arn, "raise")
    assert functions.invoke(arn, "count") == (True, 2)


def test_the_context_tells_the_remaining_time_and_the_request(functions: Functions) -> None:
    source = """
def handler(event, context):
    return [context.get_remaining_time_in_millis(), context.function_name, context.memory_limit_in_mb,
            context.invoked_function_arn, len(context.aws_request_id)]
"""
    arn = functions.create(source, Timeout=7, MemorySize=256)
    remaining, *identity = functions.invoke(arn)[1]
    assert 6000 < remaining <= 7000
    assert identity == [functions.name, 256, arn, 36]


def test_a_function_that_runs_longer_than_its_timeout_is_ended(functions: Functions) -> None:
    arn = functions.create("import time\ndef handler(event, context): time.sleep(20)", Timeout=1)
    succeeded, payload = functions.invoke(arn)
    assert not succeeded
    assert "Task timed out after 1.00 seconds" in payload["errorMessage"]


def test_boto3_and_powertools_are_there_and_boto3_talks_to_this_server(
    functions: Functions, local_aws: LocalAws
) -> None:
    source = """
import os
import aws_lambda_powertools, boto3

def handler(event, context):
    boto3.client("stepfunctions").list_activities()
    return os.environ["AWS_ENDPOINT_URL"], os.environ["MODE"], os.environ["AWS_REGION"]
"""
    arn = functions.create(source, Timeout=20, Environment={"Variables": {"MODE": "test"}})
    assert functions.invoke(arn) == (True, [local_aws.endpoint, "test", "us-east-1"])


def test_invocations_of_one_function_run_side_by_side(functions: Functions, tmp_path: Path) -> None:
    # GIVEN a function whose every invocation waits until three of them are there
    source = """
import os, time

def handler(event, context):
    open(os.path.join(event["folder"], context.aws_request_id), "w").close()
    while len(os.listdir(event["folder"])) < 3:
        time.sleep(0.01)
    return "met"
"""
    arn = functions.create(source, Timeout=20)
    # WHEN three are called at once, THEN they meet
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: functions.invoke(arn, {"folder": str(tmp_path)}), range(3)))
    assert answers == [(True, "met")] * 3


def test_an_invocation_outlives_a_change_of_its_function(functions: Functions, tmp_path: Path) -> None:
    # GIVEN an invocation that waits
    source = """
import os, time

def handler(event, context):
    open(os.path.join(event["folder"], "begun"), "w").close()
    while not os.path.exists(os.path.join(event["folder"], "end")):
        time.sleep(0.01)
    return os.environ["WORD"]
"""
    arn = functions.create(source, Timeout=20, Environment={"Variables": {"WORD": "before"}})
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(functions.invoke, arn, {"folder": str(tmp_path)})
        eventually((tmp_path / "begun").exists)
        # WHEN the function is changed meanwhile
        functions.client.update_function_configuration(
            FunctionName=arn, Environment={"Variables": {"WORD": "after"}}
        )
        (tmp_path / "end").touch()
        # THEN it ends as it began, and the next one is of the changed function
        assert running.result() == (True, "before")
    assert functions.invoke(arn, {"folder": str(tmp_path)}) == (True, "after")


CHATTY = """
import os, sys, time

print("at import, ", end="")

def handler(event, context):
    print("to standard output, ", end="")
    print("to standard error, ", end="", file=sys.stderr)
    os.write(1, b"past Python, ")
    os.write(2, b"no UTF-8: \\xff, ")
    os.system("printf 'from a child, '")
    print("the end", end="")
    if event == "raise":
        raise ValueError("all is said")
    if event == "exit":
        os._exit(3)
    if event == "sleep":
        time.sleep(60)
"""
SAID = (
    "at import, to standard output, to standard error, past Python, no UTF-8: \N{REPLACEMENT CHARACTER}, "
    "from a child, the end"
)


@pytest.mark.parametrize("variables", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("ending", ["return", "raise", "exit", "sleep"])
def test_what_a_function_prints_is_in_its_log_group_in_order_however_it_ends(
    ending: str, variables: dict[str, str], functions: Functions, local_aws: LocalAws
) -> None:
    timeout = 3 if ending == "sleep" else 20
    functions.invoke(functions.create(CHATTY, Timeout=timeout, Environment={"Variables": variables}), ending)
    text = reported(local_aws, functions)
    assert SAID in text
    assert "\x1e" not in text


def test_a_function_that_closes_its_output_ends_as_any_other(
    functions: Functions, local_aws: LocalAws
) -> None:
    arn = functions.create("import sys\ndef handler(event, context): sys.stdout.close(); sys.stderr.close()")
    assert functions.invoke(arn) == (True, None)
    assert "REPORT" in reported(local_aws, functions)


def reported(aws: LocalAws, functions: Functions) -> str:
    """All that the function's log group has, once an invocation's report is there."""
    logs = aws.client("logs")

    def probe() -> str | None:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{functions.name}")["events"]
        text = "\n".join(event["message"] for event in events)
        return text if "REPORT" in text else None

    return eventually(probe)


COLLECTING = """
import json, os, time

def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    with open(os.environ["SEEN"], "a") as seen:
        print(json.dumps({"at": time.time(), "bodies": bodies}), file=seen)
    bad = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in bad]}
"""


class Consumer:
    """A queue whose messages a function takes, and what the function has seen."""

    def __init__(self, local_aws: LocalAws, functions: Functions, seen: Path) -> None:
        self.sqs = local_aws.client("sqs")
        self._lambda = local_aws.client("lambda")
        self._seen = seen
        self._function = functions.create(
            COLLECTING, Timeout=10, Environment={"Variables": {"SEEN": str(seen)}}
        )
        self.dead = self._queue(f"{functions.name}-dead", {})
        redrive = json.dumps({"deadLetterTargetArn": self.dead[1], "maxReceiveCount": 2})
        self.url, self.arn = self._queue(functions.name, {"VisibilityTimeout": "1", "RedrivePolicy": redrive})

    def _queue(self, name: str, attributes: dict[str, str]) -> tuple[str, str]:
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        got = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, got["Attributes"]["QueueArn"]

    def map(self, **fields: Any) -> None:
        self._lambda.create_event_source_mapping(
            EventSourceArn=self.arn,
            FunctionName=self._function,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            **fields,
        )

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def batches(self) -> list[dict[str, Any]]:
        return (
            [json.loads(line) for line in self._seen.read_text().splitlines()] if self._seen.exists() else []
        )

    def bodies(self) -> list[str]:
        return [body for batch in self.batches() for body in batch["bodies"]]


@pytest.fixture
def consumer(local_aws: LocalAws, functions: Functions, tmp_path: Path) -> Consumer:
    return Consumer(local_aws, functions, tmp_path / "seen")


def test_only_the_failed_item_of_a_batch_comes_again_and_ends_in_the_dead_letter_queue(
    consumer: Consumer,
) -> None:
    consumer.map()
    consumer.send("good", "bad", "fine")

    def dead() -> Any:
        return consumer.sqs.receive_message(QueueUrl=consumer.dead[0]).get("Messages")

    assert [message["Body"] for message in eventually(dead)] == ["bad"]
    assert sorted(consumer.bodies()) == ["bad", "bad", "fine", "good"]


def test_a_batching_window_gathers_messages_into_one_invocation(consumer: Consumer) -> None:
    consumer.map(MaximumBatchingWindowInSeconds=2, BatchSize=100)
    sent_at = time.time()
    consumer.send(*map(str, range(15)))
    eventually(lambda: len(consumer.bodies()) == 15)
    first, *others = consumer.batches()
    assert first["at"] - sent_at >= 1.5
    assert not others


def test_a_full_batch_does_not_wait_for_the_window(consumer: Consumer) -> None:
    consumer.map(MaximumBatchingWindowInSeconds=300, BatchSize=3)
    consumer.send("a", "b", "c")
    eventually(lambda: len(consumer.bodies()) == 3)
