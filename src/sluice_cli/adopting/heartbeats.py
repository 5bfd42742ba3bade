"""How long a state on the Activity must wait for a heartbeat, and what runs its task again; pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SENT_EVERY_SECONDS: Final = 300.0
"""The default of the template's parameter ReconcileHeartbeatSeconds."""

LOST: Final = "States.HeartbeatTimeout"
RETRIED: Final = frozenset({LOST, "States.Timeout", "States.ALL"})
"""Errors of a Retry that match a missed heartbeat, by which a lost task comes again.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

HEARTBEAT_FIELDS: Final = ("HeartbeatSeconds", "HeartbeatSecondsPath")
_TIMED: Final = frozenset({*HEARTBEAT_FIELDS, "TimeoutSeconds", "TimeoutSecondsPath"})
"""Fields of which any ends a task that was lost."""


class Remark(NamedTuple):
    """What is wrong with a state.

    Attributes:
        is_error: it would break; else it is only worth knowing.
        text: a sentence about the state, which it calls "it", and the way out.
    """

    is_error: bool
    text: str


def least_heartbeat(sent_every_seconds: float) -> int:
    """The least HeartbeatSeconds of a state: two heartbeats may come late."""
    return math.ceil(3 * sent_every_seconds)


def heartbeat_remarks(state: Mapping[str, Any], sent_every_seconds: float) -> Iterator[Remark]:
    """Says what is wrong with a state's heartbeat, and with its Retry of one that is missed.

    Args:
        state: a state on the Activity, as its definition has it.
        sent_every_seconds: how often the stack sends a task's heartbeat (ReconcileHeartbeatSeconds).
    """
    yield from _time_remarks(state, sent_every_seconds)
    retriers = [each for each in _list(state.get("Retry")) if isinstance(each, dict)]
    retried = {
        error for each in retriers if each.get("MaxAttempts") != 0 for error in _list(each.get("ErrorEquals"))
    }
    if _TIMED & state.keys() and not RETRIED & retried:
        yield Remark(is_error=False, text=f"it has no Retry of {LOST}: a task that is lost fails the state.")


def _time_remarks(state: Mapping[str, Any], sent_every_seconds: float) -> Iterator[Remark]:
    least = least_heartbeat(sent_every_seconds)
    if not _TIMED & state.keys():
        yield Remark(
            is_error=True,
            text="HeartbeatSeconds is missing: a task whose token is lost would hang for ever. "
            f"Give it {least} or more.",
        )
    heartbeat, timeout = state.get("HeartbeatSeconds"), state.get("TimeoutSeconds")
    if not _is_number(heartbeat):
        return
    if heartbeat < least:
        yield Remark(
            is_error=True,
            text=f"HeartbeatSeconds is {heartbeat}, and the stack sends a heartbeat every "
            f"{sent_every_seconds:g} seconds (ReconcileHeartbeatSeconds). Give it {least} or more.",
        )
    if _is_number(timeout) and heartbeat >= timeout:
        yield Remark(
            is_error=True,
            text=f"HeartbeatSeconds, {heartbeat}, must be less than TimeoutSeconds, {timeout}.",
        )


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
