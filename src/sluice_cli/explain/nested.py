"""Executions inside of an execution: those that its states started, and the children of Distributed Maps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sluice_cli.explain.history import HistoryEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sluice_cli.explain.history import History
    from sluice_cli.explain.known import Known
    from sluice_cli.explain.report import Explanation, Step

FAILED: Final = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})


@dataclass(frozen=True)
class Inside:
    """The explanation of an execution inside of another one, and the state there that started it."""

    place: str
    explanation: Explanation


def failed_inside(history: History, known: Known) -> Inside | None:
    """The execution that the state to blame had started, if that is what failed."""
    blamed = history.blamed
    if not isinstance(blamed, HistoryEvent):
        return None
    for nested in reversed(history.nested):
        failed = [each for each in known.nested.get(nested.arn, ()) if each.execution.status in FAILED]
        if nested.place == blamed.place and failed:
            return Inside(nested.place, failed[0])
    return None


def with_nested(steps: Sequence[Step], history: History, known: Known) -> tuple[Step, ...]:
    """Puts the steps of the executions inside where they belong in time, below the state that began them."""
    inside = [
        _within(nested.place, step, each.execution.name)
        for nested in history.nested
        for each in known.nested.get(nested.arn, ())
        for step in each.steps
    ]
    # what happened inside at the same time comes before the end that follows from it
    found = [*steps[:-1], *inside, *steps[-1:]]
    return tuple(sorted(found, key=lambda step: step.at_ms))


def _within(place: str, step: Step, name: str) -> Step:
    if step.state is None:
        return replace(step, state=place, says=step.says.replace("the execution", f"execution {name}"))
    return replace(step, state=f"{place} / {step.state}")
