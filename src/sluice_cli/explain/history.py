"""Reads an execution's history: the tries of its activity states, and what else happened.

Events: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.aws.executions import at_ms
from sluice_cli.explain.task_json import (
    asked_jobs,
    job_name,
    json_object,
    other_ids,
    request_of,
    told_job_ids,
)
from sluice_cli.explain.trail import PASSED_ON, Place, Trail, details, labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sluice_cli.explain.trail import Event

ENDS: Final = {
    "ActivitySucceeded": "succeeded",
    "ActivityFailed": "failed",
    "ActivityTimedOut": "timed out",
    "ActivityScheduleFailed": "could not be scheduled",
}


@dataclass(frozen=True)
class Try:
    """One try of an activity state; times are ms since the epoch, None for what has not happened.

    Attributes:
        event_id: of the event that scheduled it.
        state: the state's name.
        iterations: of the Maps around it, outermost first.
        number: 2 and more for a try after one that failed, in the same iteration.
        jobs: the jobs that it asks for by name, and the ids of other tasks' jobs that each depends on.
        requests: what it asks of Batch for each of them, less name and dependencies.
        heartbeat_seconds, timeout_seconds: its limits, if it has any.
        started_event_id, ended_event_id: of the events that say so.
        ending: how it ended, one of the values of ENDS.
        job_ids: the jobs that its output or its cause tells of.
        error, cause: of a try that failed.
    """

    event_id: int
    state: str
    number: int
    scheduled_ms: int
    iterations: tuple[int, ...] = ()
    jobs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    requests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    heartbeat_seconds: int | None = None
    timeout_seconds: int | None = None
    started_ms: int | None = None
    started_event_id: int | None = None
    ended_ms: int | None = None
    ended_event_id: int | None = None
    ending: str | None = None
    job_ids: frozenset[str] = frozenset()
    error: str | None = None
    cause: str | None = None

    @property
    def place(self) -> str:
        """The state, with its iteration if it has one."""
        return labelled(self.state, self.iterations)

    @property
    def missed_heartbeat(self) -> bool:
        """True for a try that timed out for want of a heartbeat, which AWS may call States.Timeout too."""
        if self.error == "States.HeartbeatTimeout":
            return True
        no_other_limit = self.heartbeat_seconds is not None and self.timeout_seconds is None
        return self.error == "States.Timeout" and no_other_limit


@dataclass(frozen=True)
class HistoryEvent:
    """Something else of the history, in words; `place` is None for the execution as a whole."""

    event_id: int
    at_ms: int
    says: str
    place: str | None = None
    error: str | None = None
    cause: str | None = None


@dataclass(frozen=True)
class Nested:
    """An execution that a state started, or a run of a Distributed Map, whose children are executions."""

    arn: str
    place: str
    is_map_run: bool = False


@dataclass(frozen=True)
class History:
    """What an execution's history tells: tries in the order of their scheduling, and the other moments.

    `blamed` is what made the execution fail; `nested` are the executions inside of it, by the state or Map
    that started them.
    """

    tries: tuple[Try, ...]
    moments: tuple[HistoryEvent, ...]
    blamed: Try | HistoryEvent | None = None
    nested: tuple[Nested, ...] = ()

    def state_of(self, error: str) -> str | None:
        """The state in which something other than a try failed with this error, else the last such state."""
        others = [each for each in reversed(self.moments) if each.place]
        failed = [each for each in others if each.error == error]
        return next((each.place for each in failed + others), None)


def read_history(events: Iterable[Event]) -> History:
    """Reads all events of GetExecutionHistory, oldest first."""
    reader = _Reader()
    for event in events:
        reader.read(event)
    return reader.history


class _Reader:
    def __init__(self) -> None:
        self._trail = Trail()
        self._tries: dict[int, Try] = {}
        self._moments: dict[int, HistoryEvent] = {}
        self._nested: dict[str, Nested] = {}
        self._of_event: dict[int, int] = {}

    @property
    def history(self) -> History:
        blamed = self._trail.blamed()
        found = self._tries.get(self._of_event.get(blamed or 0, 0)) or self._moments.get(blamed or 0)
        tries, moments = tuple(self._tries.values()), tuple(self._moments.values())
        return History(tries, moments, found, tuple(self._nested.values()))

    def read(self, event: Event) -> None:
        kind, given = event["type"], details(event)
        place = self._trail.add(event)
        if kind == "ActivityScheduled":
            self._scheduled(event, given, place)
        elif kind == "ActivityStarted" or kind in ENDS:
            self._went_on(event, kind, given)
        else:
            self._tell(event, kind, given, place)
            nested = _nested(given, place)
            if nested is not None:
                self._nested.setdefault(nested.arn, nested)

    def _scheduled(self, event: Event, given: Mapping[str, Any], place: Place) -> None:
        asked = json_object(given.get("input"))
        state = str(asked.get("stateName") or place.state)
        jobs = {name: job for job in asked_jobs(asked) if (name := job_name(job)) is not None}
        self._tries[event["id"]] = Try(
            event_id=event["id"],
            state=state,
            iterations=place.iterations,
            number=self._number(state, place.iterations),
            scheduled_ms=at_ms(event["timestamp"]),
            jobs={name: other_ids(job) for name, job in jobs.items()},
            requests={name: request_of(job) for name, job in jobs.items()},
            heartbeat_seconds=given.get("heartbeatInSeconds"),
            timeout_seconds=given.get("timeoutInSeconds"),
        )
        self._of_event[event["id"]] = event["id"]

    def _number(self, state: str, iterations: tuple[int, ...]) -> int:
        """A state that is come to again after it succeeded is tried for the first time again."""
        same = (each for each in reversed(self._tries.values()) if each.state == state)
        before = next((each for each in same if each.iterations == iterations), None)
        return before.number + 1 if before is not None and before.error else 1

    def _went_on(self, event: Event, kind: str, given: Mapping[str, Any]) -> None:
        event_id = self._try_of(event)
        if event_id is None:
            return
        self._of_event[event["id"]] = event_id
        now_ms, known = at_ms(event["timestamp"]), self._tries[event_id]
        if kind == "ActivityStarted":
            self._tries[event_id] = replace(known, started_ms=now_ms, started_event_id=event["id"])
            return
        cause = given.get("cause")
        self._tries[event_id] = replace(
            known,
            ended_ms=now_ms,
            ended_event_id=event["id"],
            ending=ENDS[kind],
            job_ids=told_job_ids(json_object(cause or given.get("output"))),
            error=given.get("error") or _unnamed(kind),
            cause=cause,
        )

    def _try_of(self, event: Event) -> int | None:
        """The try that an event goes on with; where events are not linked, the oldest that is open."""
        linked = self._of_event.get(event.get("previousEventId") or -1)
        if linked is not None:
            return linked
        still_open = [number for number, each in self._tries.items() if each.ended_ms is None]
        if event["type"] == "ActivityStarted":
            still_open = [number for number in still_open if self._tries[number].started_ms is None]
        return next(iter(still_open), None)

    def _tell(self, event: Event, kind: str, given: Mapping[str, Any], place: Place) -> None:
        says = _words(kind, given)
        if says:
            where = None if kind.startswith("Execution") else str(place)
            self._moments[event["id"]] = HistoryEvent(
                event["id"], at_ms(event["timestamp"]), says, where, given.get("error"), given.get("cause")
            )


def _words(kind: str, given: Mapping[str, Any]) -> str | None:
    if kind.startswith("Execution"):
        return _with_error(f"the execution {_verb(kind.removeprefix('Execution'))}", given)
    if kind in {"TaskStateEntered", "ParallelStateEntered", "MapStateEntered", *PASSED_ON}:
        return None  # what happens inside is told
    if kind.endswith("StateEntered"):
        return f"came to this {kind.removesuffix('StateEntered')} state"
    if kind == "MapStateStarted":
        return f"began with {given['length']} iterations" if given.get("length") else None
    if kind.endswith(("Failed", "TimedOut")):
        return _with_error(kind, given)
    return None


def _nested(given: Mapping[str, Any], place: Place) -> Nested | None:
    """What an event tells of an execution inside of this one."""
    if given.get("mapRunArn"):
        return Nested(str(given["mapRunArn"]), str(place), is_map_run=True)
    if not str(given.get("resource")).startswith("startExecution"):
        return None
    output = json_object(given.get("output"))
    arn = output.get("ExecutionArn") or output.get("executionArn")
    return Nested(arn, str(place)) if isinstance(arn, str) else None


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
