"""SQS moves the messages of dead-letter queues back, as far as it knows where they came from."""

import json
from typing import Any

import pytest

from sluice_local.server import LocalAws
from tests.support.building import eventually, refused

NOWHERE = "arn:aws:sqs:us-east-1:000000000000:nowhere"


class Queues:
    """A queue and its dead-letter queue."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        self.sqs = aws.client("sqs")
        self.dead, self.dead_arn = self.made(f"{name}-dead")
        policy = json.dumps({"deadLetterTargetArn": self.dead_arn, "maxReceiveCount": 1})
        self.work, self.work_arn = self.made(name, RedrivePolicy=policy)

    def made(self, name: str, **attributes: str) -> tuple[str, str]:
        """Make a queue; return its URL and ARN."""
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        asked = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, asked["Attributes"]["QueueArn"]

    def fail(self, *bodies: str) -> None:
        """Let messages come to the dead-letter queue by the redrive policy."""
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.work, MessageBody=body)
        self.sqs.receive_message(QueueUrl=self.work, MaxNumberOfMessages=10, VisibilityTimeout=0)
        assert "Messages" not in self.sqs.receive_message(QueueUrl=self.work)

    def held(self, url: str) -> list[str]:
        """The messages of a queue, which keeps them."""
        answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return sorted(each["Body"] for each in answer.get("Messages", ()))

    def start(self, **arguments: Any) -> str:
        """Start to move the dead letters; return the task's handle."""
        return str(self.sqs.start_message_move_task(SourceArn=self.dead_arn, **arguments)["TaskHandle"])

    def last(self) -> dict[str, Any]:
        """The latest task."""
        return dict(self.sqs.list_message_move_tasks(SourceArn=self.dead_arn)["Results"][0])

    def ended(self) -> dict[str, Any]:
        """The latest task, when it is over."""
        return eventually(lambda: found if (found := self.last())["Status"] != "RUNNING" else None)


@pytest.fixture
def queues(local_aws: LocalAws, unique: str) -> Queues:
    return Queues(local_aws, unique)


def test_messages_go_back_to_the_queue_that_they_came_from(queues: Queues) -> None:
    queues.fail("one", "two")
    assert queues.held(queues.dead) == ["one", "two"]
    queues.start()
    ended = queues.ended()
    assert (ended["Status"], ended["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 2)
    assert "TaskHandle" not in ended
    assert queues.held(queues.dead) == []
    assert queues.held(queues.work) == ["one", "two"]


def test_a_message_that_came_from_no_queue_needs_a_destination(queues: Queues) -> None:
    queues.sqs.send_message(QueueUrl=queues.dead, MessageBody="from EventBridge")
    queues.start()
    failed = queues.ended()
    assert (failed["Status"], failed["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert queues.held(queues.dead) == ["from EventBridge"]
    queues.start(DestinationArn=queues.work_arn)
    moved = queues.ended()
    assert (moved["Status"], moved["DestinationArn"]) == ("COMPLETED", queues.work_arn)
    assert queues.held(queues.work) == ["from EventBridge"]


def test_a_message_comes_back_as_a_new_one(queues: Queues) -> None:
    queues.fail("one")
    asked = {"QueueUrl": queues.dead, "MessageSystemAttributeNames": ["All"], "VisibilityTimeout": 0}
    (dead,) = queues.sqs.receive_message(**asked)["Messages"]
    assert dead["Attributes"]["DeadLetterQueueSourceArn"] == queues.work_arn
    queues.start()
    queues.ended()
    (fresh,) = queues.sqs.receive_message(**{**asked, "QueueUrl": queues.work})["Messages"]
    assert fresh["MessageId"] != dead["MessageId"]
    assert fresh["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in fresh["Attributes"]


def test_a_queue_has_one_task_at_a_time_which_can_be_cancelled(queues: Queues) -> None:
    for number in range(50):
        queues.sqs.send_message(QueueUrl=queues.dead, MessageBody=str(number))
    handle = queues.start(DestinationArn=queues.work_arn, MaxNumberOfMessagesPerSecond=1)
    assert queues.last()["TaskHandle"] == handle
    assert refused(queues.start) == "AWS.SimpleQueueService.UnsupportedOperation"
    queues.sqs.cancel_message_move_task(TaskHandle=handle)
    assert queues.ended()["Status"] == "CANCELLED"
    assert (
        refused(lambda: queues.sqs.cancel_message_move_task(TaskHandle=handle))
        == "AWS.SimpleQueueService.UnsupportedOperation"
    )
    queues.start(DestinationArn=queues.work_arn)
    assert queues.ended()["Status"] == "COMPLETED"
    results = queues.sqs.list_message_move_tasks(SourceArn=queues.dead_arn, MaxResults=10)["Results"]
    assert [each["Status"] for each in results] == ["COMPLETED", "CANCELLED"]
    assert sum(each["ApproximateNumberOfMessagesMoved"] for each in results) == 50


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"SourceArn": NOWHERE}, "ResourceNotFoundException"),
        ({"DestinationArn": NOWHERE}, "ResourceNotFoundException"),
        ({"MaxNumberOfMessagesPerSecond": 501}, "InvalidParameterValue"),
    ],
)
def test_what_makes_no_sense_is_refused(queues: Queues, arguments: dict[str, Any], code: str) -> None:
    asked = {"SourceArn": queues.dead_arn, **arguments}
    assert refused(lambda: queues.sqs.start_message_move_task(**asked)) == code


def test_only_the_messages_of_a_dead_letter_queue_are_moved(queues: Queues) -> None:
    asked = {"SourceArn": queues.work_arn, "DestinationArn": queues.dead_arn}
    assert refused(lambda: queues.sqs.start_message_move_task(**asked)) == "InvalidParameterValue"
    nothing = {"TaskHandle": "nothing"}
    assert refused(lambda: queues.sqs.cancel_message_move_task(**nothing)) == "ResourceNotFoundException"
