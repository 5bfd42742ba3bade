"""Reads an execution's history: the tries of its activity states, and what else happened.

Events: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.aws.executions import at_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Event = Mapping[str, Any]

ENDS: Final = {
    "ActivitySucceeded": "succeeded",
    "ActivityFailed": "failed",
    "ActivityTimedOut": "timed out",
    "ActivityScheduleFailed": "could not be scheduled",
}
UNTOLD: Final = frozenset(
    {"TaskStateExited", "LambdaFunctionStarted", "LambdaFunctionScheduled", "TaskStarted"}
)
"""Events that say nothing that a person would miss."""


@dataclass(frozen=True)
class Try:
    """One try of an activity state; times are ms since the epoch, None for what has not happened.

    Attributes:
        event_id: of the event that scheduled it.
        state: the state's name.
        number: 1 for the first try since the execution began.
        jobs: the jobs that it asks for by name, and the ids of other tasks' jobs that each depends on.
        heartbeat_seconds, timeout_seconds: its limits, if it has any.
        ending: how it ended, one of the values of ENDS.
        error, cause: of a try that failed.
    """

    event_id: int
    state: str
    number: int
    scheduled_ms: int
    jobs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    heartbeat_seconds: int | None = None
    timeout_seconds: int | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    ending: str | None = None
    error: str | None = None
    cause: str | None = None

    @property
    def missed_heartbeat(self) -> bool:
        """True for a try that timed out for want of a heartbeat, which AWS may call States.Timeout too."""
        if self.error == "States.HeartbeatTimeout":
            return True
        no_other_limit = self.heartbeat_seconds is not None and self.timeout_seconds is None
        return self.error == "States.Timeout" and no_other_limit


@dataclass(frozen=True)
class HistoryEvent:
    """Something else of the history, in words; `state` is None for the execution as a whole."""

    at_ms: int
    says: str
    state: str | None = None


@dataclass(frozen=True)
class History:
    """What an execution's history tells: tries in the order of their scheduling, and the other moments."""

    tries: tuple[Try, ...]
    moments: tuple[HistoryEvent, ...]

    @property
    def last_failed(self) -> Try | None:
        """The last try that did not succeed."""
        return next((each for each in reversed(self.tries) if each.error), None)

    def state_of(self, error: str) -> str | None:
        """The state in which something other than a try failed with this error, else the last such state."""
        others = [each for each in reversed(self.moments) if each.state]
        failed = [each for each in others if each.says.endswith(f": {error}")]
        return next((each.state for each in failed + others), None)


def read_history(events: Iterable[Event]) -> History:
    """Reads all events of GetExecutionHistory, oldest first."""
    reader = _Reader()
    for event in events:
        reader.read(event)
    return History(tuple(reader.tries.values()), tuple(reader.moments))


class _Reader:
    def __init__(self) -> None:
        self.tries: dict[int, Try] = {}
        self.moments: list[HistoryEvent] = []
        self._of_event: dict[int, int] = {}
        self._state: str | None = None

    def read(self, event: Event) -> None:
        kind, details = event["type"], _details(event)
        if kind.endswith("StateEntered"):
            self._state = str(details.get("name"))
        if kind == "ActivityScheduled":
            self._scheduled(event, details)
        elif kind == "ActivityStarted" or kind in ENDS:
            self._went_on(event, kind, details)
        elif kind not in UNTOLD:
            self._tell(event, kind, details)

    def _scheduled(self, event: Event, details: Mapping[str, Any]) -> None:
        given = _json_object(details.get("input"))
        state = str(given.get("stateName") or self._state)
        number = 1 + sum(each.state == state for each in self.tries.values())
        self.tries[event["id"]] = Try(
            event_id=event["id"],
            state=state,
            number=number,
            scheduled_ms=at_ms(event["timestamp"]),
            jobs={
                str(job["jobName"]): _other_ids(job)
                for job in _objects(given.get("jobs"))
                if "jobName" in job
            },
            heartbeat_seconds=details.get("heartbeatInSeconds"),
            timeout_seconds=details.get("timeoutInSeconds"),
        )
        self._of_event[event["id"]] = event["id"]

    def _went_on(self, event: Event, kind: str, details: Mapping[str, Any]) -> None:
        event_id = self._try_of(event)
        if event_id is None:
            return
        self._of_event[event["id"]] = event_id
        now_ms, known = at_ms(event["timestamp"]), self.tries[event_id]
        if kind == "ActivityStarted":
            self.tries[event_id] = replace(known, started_ms=now_ms)
            return
        error, cause = details.get("error"), details.get("cause")
        self.tries[event_id] = replace(
            known, ended_ms=now_ms, ending=ENDS[kind], error=error or _unnamed(kind), cause=cause
        )

    def _try_of(self, event: Event) -> int | None:
        """The try that an event goes on with; where events are not linked, the oldest that is open."""
        linked = self._of_event.get(event.get("previousEventId") or -1)
        if linked is not None:
            return linked
        still_open = [number for number, each in self.tries.items() if each.ended_ms is None]
        if event["type"] == "ActivityStarted":
            still_open = [number for number in still_open if self.tries[number].started_ms is None]
        return next(iter(still_open), None)

    def _tell(self, event: Event, kind: str, details: Mapping[str, Any]) -> None:
        says = _words(kind, details)
        if says:
            state = None if kind.startswith("Execution") else self._state
            self.moments.append(HistoryEvent(at_ms(event["timestamp"]), says, state))


def _words(kind: str, details: Mapping[str, Any]) -> str | None:
    if kind.startswith("Execution"):
        return _with_error(f"the execution {_verb(kind.removeprefix('Execution'))}", details)
    if kind in {"TaskStateEntered", "ParallelStateEntered", "MapStateEntered"}:
        return None  # what happens inside is told
    if kind.endswith("StateEntered"):
        return f"came to this {kind.removesuffix('StateEntered')} state"
    if kind.endswith(("Failed", "TimedOut")):
        return _with_error(kind, details)
    return None


def _with_error(says: str, details: Mapping[str, Any]) -> str:
    return f"{says}: {details['error']}" if details.get("error") else says


def _verb(word: str) -> str:
    return {
        "Started": "started",
        "TimedOut": "timed out",
        "Aborted": "was stopped",
        "Redriven": "was redriven",
    }.get(word, word.lower())


def _unnamed(kind: str) -> str | None:
    return {"ActivityTimedOut": "States.Timeout", "ActivityFailed": "States.TaskFailed"}.get(kind)


def _details(event: Event) -> Mapping[str, Any]:
    found = (value for key, value in event.items() if key.endswith("EventDetails"))
    return next((value for value in found if isinstance(value, dict)), {})


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _other_ids(job: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(each["jobId"]) for each in _objects(job.get("dependsOn")) if "jobId" in each)


def _json_object(text: Any) -> Mapping[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (TypeError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
