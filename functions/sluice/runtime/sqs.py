"""Handles the records of an SQS event one by one, so that a bad one does not hold up the others.

Powertools' batch processor does the same, but with the data classes of every event source and asyncio, which
are a quarter of the handlers' cold start (docs/design.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from sluice.events import InvalidEventError
from sluice.runtime.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class FailedItem(TypedDict):
    """A record that is to be delivered again."""

    itemIdentifier: str


class BatchAnswer(TypedDict):
    """What Lambda wants to know of a batch; SQS deletes the records that are not named."""

    batchItemFailures: list[FailedItem]


def handle_records(event: Any, handle: Callable[[str], None]) -> BatchAnswer:
    """Hands each record's body to `handle`; returns the records that raised, for SQS to deliver again.

    What a record holds is for `handle` to read; it must not raise for a body that will never be better.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html

    Raises:
        InvalidEventError: the event holds no records.
    """
    failed = [record["messageId"] for record in _records(event) if not _handled(record, handle)]
    return _again(failed)


def handle_together(event: Any, handle: Callable[[Mapping[str, str]], Iterable[str]]) -> BatchAnswer:
    """Hands all records' bodies to `handle` by their message ids; it returns those to deliver again.

    Raises:
        InvalidEventError: the event holds no records.
    """
    return _again(handle({record["messageId"]: _body(record) for record in _records(event)}))


def _records(event: Any) -> list[Mapping[str, Any]]:
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records:
        raise InvalidEventError("the event has no Records: this function is invoked by its SQS queue")
    return records


def _again(message_ids: Iterable[str]) -> BatchAnswer:
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in message_ids]}


def _body(record: Mapping[str, Any]) -> str:
    body = record.get("body")
    return body if isinstance(body, str) else ""


def _handled(record: Mapping[str, Any], handle: Callable[[str], None]) -> bool:
    try:
        handle(_body(record))
    except Exception:  # noqa: BLE001 - the top of a record: whatever it raises, the others go on
        logger.exception("record will be delivered again", message_id=record["messageId"])
        return False
    return True
