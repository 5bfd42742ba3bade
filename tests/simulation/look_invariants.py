"""What must hold of decisions to submit: each rests on a fresh look at a task that is still its owner's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.invariants import ANOTHERS, STALE
from tests.simulation.kernel.world import MICROSECONDS, Actor, Process, current
from tests.simulation.watching import WatchingJudge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


TASKS: Final = "TaskTable"
LOOK_SECONDS: Final = 20
"""As docs/design.md has it: no decision to submit is older."""

CLAIM: Final = "SET heartbeatAt = :next"
"""How the update begins by which a reconciler makes a task its own."""

Seen = tuple[int, str]
"""When a task was seen, and which heartbeat it had then."""


@dataclass
class LookJudge(WatchingJudge):
    """Watches what is shown of tasks to whom, and what they submit then.

    Attributes:
        shown: when a process was last shown a task.
        taken: tasks as a process took them, by an intent or a claim.
        read: tasks as a thread read them last.
    """

    shown: dict[tuple[Process, str], int] = field(default_factory=dict)
    taken: dict[tuple[Process, str], Seen] = field(default_factory=dict)
    read: dict[tuple[Actor, str], Seen] = field(default_factory=dict)

    def _heard(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        thread, now = current(), self.stack.world.now
        for item in _items(request, answer):
            key = item["taskToken"]["S"]
            self.shown[thread.process, key] = now
            if "heartbeatAt" not in item:  # an array's, or a part
                continue
            seen = now, item["heartbeatAt"]["N"]
            if "Item" in request or request.get("UpdateExpression", "").startswith(CLAIM):
                self.taken[thread.process, key] = seen
            elif "UpdateExpression" not in request:
                self.read[thread, key] = seen

    def _called(self, operation: str, request: Mapping[str, Any], process: Process) -> None:
        if operation != "SubmitJob":
            return
        for key in self.stack.keys_of(request["parameters"]):
            age = (self.stack.world.now - self.shown.get((process, key), 0)) / MICROSECONDS
            if age > LOOK_SECONDS:
                self._find(STALE, f"{request['jobName']} of {key} by {process.name}, after {age:.0f} s")
            if self._is_known_to_be_anothers(process, key):
                self._find(ANOTHERS, f"{request['jobName']} of {key} by {process.name}")

    def _is_known_to_be_anothers(self, process: Process, key: str) -> bool:
        taken, read = self.taken.get((process, key)), self.read.get((current(), key))
        return taken is not None and read is not None and read[0] > taken[0] and read[1] != taken[1]


def _items(request: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The tasks' items that an answer shows, or that a write which it tells of has made."""
    has_held = "ResponseMetadata" in answer and "Error" not in answer
    if request.get("TableName") == TASKS and "IndexName" not in request:
        item = answer.get("Attributes") or answer.get("Item") or (request.get("Item") if has_held else None)
        if item:
            yield item
    for action in request.get("TransactItems", ()) if has_held else ():
        update = action.get("Update", {})
        if update.get("TableName") == TASKS:
            yield update["Key"]
