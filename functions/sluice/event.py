"""Reads EventBridge's events as they arrive: JSON text that may be anything; pure."""

from __future__ import annotations

import json
from typing import Any


def read_event(text: str) -> dict[str, Any]:
    """Returns the event, or an empty one if the text is no JSON object."""
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def detail_of(event: dict[str, Any]) -> dict[str, Any]:
    """Returns the event's detail, or an empty one if it has none that is an object."""
    detail = event.get("detail")
    return detail if isinstance(detail, dict) else {}
