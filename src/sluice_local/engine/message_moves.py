"""Redrives of dead-letter queues.

AWS: StartMessageMoveTask moves a dead-letter queue's messages in the background, the oldest first, to the
queue that is named or else to the one that each came from, as new messages; one task a queue at a time. A
message that no redrive policy has brought, but SendMessage or another service such as EventBridge, comes from
no queue: without a destination the task fails at it as CouldNotDetermineMessageSource. Sources:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
and https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/troubleshooting-dlq-redrive.html.

MiniStack 1.5.33: has no such operations.

Fixed by adding the three to its table of operations.
"""

import asyncio
import json
import secrets
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sluice_local.engine import ministack

Request = dict[str, Any]
Queue = dict[str, Any]

_STEP_SECONDS = 0.1
_FASTEST = 500
_SHOWN_MAX = 10


def install() -> None:
    """Add the operations on message move tasks to SQS."""
    moves = MessageMoves()
    ministack.private("services.sqs._HANDLERS").update(
        {
            "StartMessageMoveTask": moves.start,
            "ListMessageMoveTasks": moves.list,
            "CancelMessageMoveTask": moves.cancel,
        }
    )


@dataclass(eq=False)
class Move:
    """One task, as ListMessageMoveTasks tells of it."""

    handle: str
    source_arn: str
    destination_arn: str | None
    per_second: int | None
    to_move: int
    started_at_ms: int
    status: str = "RUNNING"
    moved: int = 0
    failure: str = ""

    def row(self) -> dict[str, object]:
        """Show the task; only a running one has a handle, by which it may be cancelled."""
        row: dict[str, object] = {
            "Status": self.status,
            "SourceArn": self.source_arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": self.started_at_ms,
        }
        given = {
            "TaskHandle": self.handle if self.status == "RUNNING" else None,
            "DestinationArn": self.destination_arn,
            "MaxNumberOfMessagesPerSecond": self.per_second,
            "FailureReason": self.failure,
        }
        return {**row, **{name: value for name, value in given.items() if value}}


class MessageMoves:
    """The tasks of one server, by dead-letter queue; all of it runs on the event loop's thread."""

    def __init__(self) -> None:
        """There are none at first."""
        self._moves: defaultdict[str, list[Move]] = defaultdict(list)
        self._running: set[asyncio.Task[None]] = set()

    def start(self, request: Request, _url: str) -> dict[str, str]:
        """Begin to move messages."""
        source_arn, destination_arn = request["SourceArn"], request.get("DestinationArn")
        source = _queue(source_arn, "SourceArn")
        if not _is_dead_letter_queue(source_arn):
            raise _refusal("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        if destination_arn:
            _queue(destination_arn, "DestinationArn")
        if any(each.status in ("RUNNING", "CANCELLING") for each in self._moves[source_arn]):
            only_one = "There is already a task running. Only one active task is allowed for a source queue."
            raise _refusal("UnsupportedOperation", only_one)
        per_second = _rate(request.get("MaxNumberOfMessagesPerSecond"))
        waiting, now_ms = len(_visible(source)), int(time.time() * 1000)
        move = Move(secrets.token_urlsafe(), source_arn, destination_arn, per_second, waiting, now_ms)
        self._moves[source_arn].insert(0, move)
        task = asyncio.ensure_future(_run(move))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return {"TaskHandle": move.handle}

    def list(self, request: Request, _url: str) -> dict[str, list[dict[str, object]]]:
        """Show the latest tasks of a queue."""
        _queue(request["SourceArn"], "SourceArn")
        shown = min(int(request.get("MaxResults", 1)), _SHOWN_MAX)
        return {"Results": [each.row() for each in self._moves[request["SourceArn"]][:shown]]}

    def cancel(self, request: Request, _url: str) -> dict[str, int]:
        """Stop a running task; what it has moved stays moved."""
        found = [
            each for moves in self._moves.values() for each in moves if each.handle == request["TaskHandle"]
        ]
        if not found:
            raise _refusal("ResourceNotFoundException", "Task does not exist.", 404)
        if found[0].status != "RUNNING":
            raise _refusal("UnsupportedOperation", "Only active tasks can be cancelled.")
        found[0].status = "CANCELLED"
        return {"ApproximateNumberOfMessagesMoved": found[0].moved}


async def _run(move: Move) -> None:
    """Move messages bit by bit, those that are there when it begins."""
    at_once = max(1, int((move.per_second or _FASTEST) * _STEP_SECONDS))
    while move.status == "RUNNING":
        await asyncio.sleep(_STEP_SECONDS)
        for _ in range(at_once):
            if move.status == "RUNNING":
                _move_next(move)


def _move_next(move: Move) -> None:
    source = ministack.private("services.sqs._queue_by_arn")(move.source_arn)
    messages = _visible(source) if source else []
    if not messages or move.moved == move.to_move:
        move.status = "COMPLETED"
        return
    oldest = min(messages, key=lambda each: each["sent_at"])
    origin = oldest.get("sys", {}).get("DeadLetterQueueSourceArn")
    target_arn = move.destination_arn or origin
    target = ministack.private("services.sqs._queue_by_arn")(target_arn) if target_arn else None
    if target is None:
        move.status = "FAILED"
        move.failure = (
            "AWS.SimpleQueueService.NonExistentQueue" if target_arn else "CouldNotDetermineMessageSource"
        )
        return
    source["messages"].remove(oldest)
    target["messages"].append(_as_new(oldest))
    ministack.private("core.concurrency.esm_wake").set()
    move.moved += 1


def _as_new(message: dict[str, Any]) -> dict[str, Any]:
    """A message that has never been received, with an id and a time of its own."""
    now = time.time()
    attributes = {**message.get("sys", {}), "SentTimestamp": str(int(now * 1000))}
    attributes.pop("DeadLetterQueueSourceArn", None)
    fresh = {"sent_at": now, "visible_at": now, "receive_count": 0, "first_receive_at": None}
    identity = {"id": ministack.private("core.responses.new_uuid")(), "receipt_handle": None}
    return {**message, **fresh, **identity, "sys": attributes}


def _visible(queue: Queue) -> list[dict[str, Any]]:
    now = time.time()
    return [each for each in queue["messages"] if each.get("visible_at", 0) <= now]


def _is_dead_letter_queue(arn: str) -> bool:
    queues = ministack.private("services.sqs._queues").values()
    policies = (each["attributes"].get("RedrivePolicy") for each in queues)
    return any(json.loads(policy).get("deadLetterTargetArn") == arn for policy in policies if policy)


def _queue(arn: str, parameter: str) -> Queue:
    found: Queue | None = ministack.private("services.sqs._queue_by_arn")(arn)
    if found is None:
        message = f"The resource that you specified for the {parameter} parameter doesn't exist."
        raise _refusal("ResourceNotFoundException", message, 404)
    return found


def _rate(given: int | str | None) -> int | None:
    if given is None:
        return None
    if not 1 <= int(given) <= _FASTEST:
        message = (
            f"Value {given} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: 1 to {_FASTEST}."
        )
        raise _refusal("InvalidParameterValue", message)
    return int(given)


def _refusal(code: str, message: str, status: int = 400) -> Exception:
    refusal: Exception = ministack.private("services.sqs._Err")(code, message, status)
    return refusal
