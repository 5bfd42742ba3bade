"""How the events of an execution's history lead to one another, and in which state each happened.

Events: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Event = Mapping[str, Any]

PASSED_ON: Final = frozenset({"MapStateFailed", "ParallelStateFailed", "MapIterationFailed"})
"""Failures that only pass on what failed inside."""

CONTAINER_ENDS: Final = {
    f"{container}State{end}": f"{container}StateStarted"
    for container in ("Map", "Parallel")
    for end in ("Succeeded", "Failed", "Aborted", "Exited")
}
"""What began that ends with these events."""


@dataclass(frozen=True)
class Place:
    """Where in a workflow something happened.

    Attributes:
        state: the state's name; None outside of all states.
        iterations: of the Maps around the state, outermost first; the first iteration of a Map is 0.
    """

    state: str | None = None
    iterations: tuple[int, ...] = ()

    def __str__(self) -> str:
        """The state as people read it: `Align`, or `Align #3` in iteration 3 of a Map."""
        return labelled(self.state, self.iterations)


def labelled(state: str | None, iterations: tuple[int, ...]) -> str:
    """A state's name with the iteration that it ran in, as the console of Step Functions has it."""
    number = ".".join(map(str, iterations))
    return f"{state or '(unknown)'} #{number}" if number else state or "(unknown)"


def details(event: Event) -> Mapping[str, Any]:
    """An event's own fields."""
    found = (value for key, value in event.items() if key.endswith("EventDetails"))
    return next((value for value in found if isinstance(value, dict)), {})


class Trail:
    """The events of a history, each with the one that it follows and the place where it happened."""

    def __init__(self) -> None:
        """Knows no event at first."""
        self.kinds: dict[int, str] = {}
        self._before: dict[int, int] = {}
        self._places: dict[int, Place] = {}

    def add(self, event: Event) -> Place:
        """Takes the next event; returns where it happened."""
        number, kind = int(event["id"]), str(event["type"])
        # events that tell nothing of it follow the one before: so do the first two on AWS
        before = int(event.get("previousEventId") or number - 1)
        ended = CONTAINER_ENDS.get(kind)
        place = self._began(before, kind, ended) if ended else None
        place = place or _place(self._places.get(before, Place()), kind, details(event))
        self.kinds[number], self._before[number], self._places[number] = kind, before, place
        return place

    def _began(self, event_id: int, end: str, began: str) -> Place | None:
        """Where the Map or Parallel began that ends behind this event, which may be an iteration's."""
        inside, behind = 0, end
        for number in (event_id, *self.led_to(event_id)):
            kind = self.kinds.get(number, "")
            if kind == began and not inside:
                return self._places[number]
            if kind == began:
                inside -= 1
            # an exit follows the end of its own state or, as that does, what happened inside
            elif CONTAINER_ENDS.get(kind) == began and not _is_exit_of(behind, kind):
                inside += 1
            behind = kind
        return None

    def led_to(self, event_id: int) -> Iterator[int]:
        """The events that led to this one, the nearest first."""
        number = self._before.get(event_id)
        while number is not None and number in self.kinds:
            yield number
            number = self._before[number]

    def blamed(self) -> int | None:
        """The failure that ended the execution, also if the workflow caught it; None if none is known.

        It is the nearest one on the way to the end: what failed before and was recovered from is not on it,
        or farther away.
        """
        ends = (each for each in reversed(self.kinds) if self.kinds[each] == "ExecutionFailed")
        last = next(ends, next(reversed(self.kinds), 0))
        failed_at = None
        for number in (last, *self.led_to(last)):
            kind = self.kinds.get(number, "")
            if _is_failure(kind):
                return number
            if kind in PASSED_ON:
                failed_at = number
            elif failed_at is not None and kind.endswith("StateStarted"):
                found, failed_at = self._failed_inside(number, failed_at), None
                if found is not None:
                    return found
        return None

    def _failed_inside(self, began: int, failed_at: int) -> int | None:
        """The last failure inside of a Map or Parallel whose end is not linked to it."""
        within = (each for each in range(failed_at - 1, began, -1) if _is_failure(self.kinds.get(each, "")))
        return next((each for each in within if began in self.led_to(each)), None)


def _is_exit_of(kind: str, end: str) -> bool:
    """True if an event is the exit from the Map or Parallel that the one before has ended."""
    is_exit = kind.endswith("StateExited") and not end.endswith("StateExited")
    return is_exit and CONTAINER_ENDS.get(kind) == CONTAINER_ENDS.get(end)


def _is_failure(kind: str) -> bool:
    return (
        kind.endswith(("Failed", "TimedOut")) and kind not in PASSED_ON and not kind.startswith("Execution")
    )


def _place(before: Place, kind: str, given: Mapping[str, Any]) -> Place:
    if kind.startswith("Execution"):
        return Place()
    if kind.endswith("StateEntered"):
        return Place(str(given.get("name")), before.iterations)
    if kind == "MapIterationStarted":
        return Place(before.state, (*before.iterations, int(given.get("index", 0))))
    return before
