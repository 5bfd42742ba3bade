"""Reads what invokes the functions as it arrives: it may be anything; pure."""

from __future__ import annotations

import json
from typing import Any, Final, TypeGuard

MAX_TOKEN: Final = 2_048
"""Characters of a task token, and bytes of the task table's key.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""


class InvalidEventError(ValueError):
    """Raised when a function is invoked with what it cannot work on; the message is for the invoker."""


def read_event(text: str) -> dict[str, Any]:
    """Returns the event, or an empty one if the text is no JSON object."""
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def detail_of(event: dict[str, Any], detail_type: str) -> dict[str, Any]:
    """Returns the event's detail, or an empty one if it is of another type or has none that is an object."""
    detail = event.get("detail") if event.get("detail-type") == detail_type else None
    return detail if isinstance(detail, dict) else {}


def is_wake_up(event: Any) -> bool:
    """True for records of a queue, whatever they hold: the call is the message."""
    return isinstance(event, dict) and "Records" in event


def is_look(event: Any) -> bool:
    """True for the schedule that asks whether tasks came, before a poller is asked."""
    return isinstance(event, dict) and event.get("look") is True


def is_token(value: Any) -> TypeGuard[str]:
    """True for what may be a task's key, or the token that a former version's task has in its place."""
    return isinstance(value, str) and value.isascii() and 1 <= len(value) <= MAX_TOKEN


DETAIL_TYPE: Final = "Step Functions Execution Status Change"
