"""Finds dead letters and lets SQS move them back.

EventBridge writes to a dead-letter queue itself what it could not deliver. SQS does not know where such a
message belongs, so the destination is always given.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/troubleshooting-dlq-redrive.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.errors import AwsError, WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sluice_cli.aws.ports import Api, Session
    from sluice_cli.aws.stack import Resource

EVERY_SECONDS: Final = 1.0
_ATTRIBUTES: Final = ("QueueArn", "RedrivePolicy", "ApproximateNumberOfMessages")


class Progress(StrEnum):
    """How far the redrive of a queue is; SQS's own words but for the first two."""

    EMPTY = "EMPTY"
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class DeadLetters:
    """A dead-letter queue of the stack.

    Attributes:
        queue, destination: names in the template, of it and of the queue whose messages failed.
        arn, destination_arn: of both.
        messages: how many it holds, by SQS's estimate.
    """

    queue: str
    arn: str
    destination: str
    destination_arn: str
    messages: int


@dataclass(frozen=True)
class Move:
    """The redrive of a queue.

    Attributes:
        letters: the queue.
        progress: how far it is.
        moved: messages that were moved so far.
        reason: why it failed, in SQS's words.
    """

    letters: DeadLetters
    progress: Progress
    moved: int = 0
    reason: str = ""

    @property
    def is_over(self) -> bool:
        """True when nothing more will be moved."""
        return self.progress not in (Progress.WAITING, Progress.RUNNING, Progress.CANCELLING)

    @property
    def has_failed(self) -> bool:
        """True when messages were left behind."""
        return self.progress in (Progress.FAILED, Progress.CANCELLED)


def find_dead_letters(api: Api, resources: Iterable[Resource], names: Sequence[str]) -> list[DeadLetters]:
    """Finds the stack's dead-letter queues, and how many messages they hold.

    Args:
        api: AWS's API.
        resources: of the stack.
        names: of the queues that are meant, as in the template; all if empty.

    Raises:
        WrongUsageError: there is no dead-letter queue of such a name.
        AwsError: AWS refused a call.
    """
    queues = {each.logical_id: _attributes(api, each) for each in resources if each.type == "AWS::SQS::Queue"}
    arns = {attributes["QueueArn"]: name for name, attributes in queues.items()}
    found = []
    for name, attributes in queues.items():
        policy = json.loads(attributes.get("RedrivePolicy", "{}"))
        dead = arns.get(policy.get("deadLetterTargetArn", ""))
        if dead is not None:
            messages = int(queues[dead]["ApproximateNumberOfMessages"])
            found.append(DeadLetters(dead, queues[dead]["QueueArn"], name, attributes["QueueArn"], messages))
    known = {each.queue for each in found}
    for name in names:
        if name not in known:
            raise WrongUsageError(
                f"The stack has no dead-letter queue {name!r}. It has: {', '.join(sorted(known)) or 'none'}."
            )
    return [each for each in found if each.queue in names or not names]


def move_all(api: Api, session: Session, all_letters: Sequence[DeadLetters]) -> Iterator[list[Move]]:
    """Starts to move what all these queues hold, and looks on until SQS has done so.

    A redrive that runs already is not started again but looked at, so that the command may be repeated.

    Yields:
        How the redrive of each queue stands, about once a second.

    Raises:
        AwsError: AWS refused a call.
    """
    redrives = [_Redrive(api, letters) for letters in all_letters]
    moves = [each.start() for each in redrives]
    yield moves
    while not all(each.is_over for each in moves):
        session.sleep(EVERY_SECONDS)
        moves = [
            move if move.is_over else redrive.look() for redrive, move in zip(redrives, moves, strict=True)
        ]
        yield moves


class _Redrive:
    """The redrive of one queue: started once, then looked at."""

    def __init__(self, api: Api, letters: DeadLetters) -> None:
        self._api = api
        self._letters = letters
        self._before: object = None
        """When the latest redrive before this one was started, which may still be shown for a moment."""

    def start(self) -> Move:
        latest = self._latest()
        if latest and not self._move(latest).is_over:
            return self._move(latest)
        if not self._letters.messages:
            return Move(self._letters, Progress.EMPTY)
        self._before = latest.get("StartedTimestamp")
        try:
            self._api.call(
                "sqs",
                "start_message_move_task",
                SourceArn=self._letters.arn,
                DestinationArn=self._letters.destination_arn,
            )
        except AwsError as error:
            # somebody else has just started one: SQS allows one a queue
            if not error.code.endswith("UnsupportedOperation") or self.look().is_over:
                raise
        return Move(self._letters, Progress.WAITING)

    def look(self) -> Move:
        latest = self._latest()
        if not latest or latest.get("StartedTimestamp") == self._before:
            return Move(self._letters, Progress.WAITING)
        return self._move(latest)

    def _latest(self) -> dict[str, Any]:
        answer = self._api.call("sqs", "list_message_move_tasks", SourceArn=self._letters.arn, MaxResults=1)
        return dict(answer["Results"][0]) if answer.get("Results") else {}

    def _move(self, task: dict[str, Any]) -> Move:
        moved = int(task.get("ApproximateNumberOfMessagesMoved", 0))
        to_move = max(self._letters.messages, int(task.get("ApproximateNumberOfMessagesToMove", 0)))
        letters = replace(self._letters, messages=to_move)
        return Move(letters, Progress(task["Status"]), moved, task.get("FailureReason", ""))


def _attributes(api: Api, queue: Resource) -> dict[str, str]:
    names = list(_ATTRIBUTES)
    answer = api.call("sqs", "get_queue_attributes", QueueUrl=queue.physical_id, AttributeNames=names)
    return dict(answer["Attributes"])
