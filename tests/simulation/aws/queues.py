"""A model of EventBridge and SQS: rules, at-least-once deliveries, redeliveries, dead letters.

* Patterns: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
* Events arrive at least once and in any order: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is.html
* Visibility timeout and maxReceiveCount: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/
* Batches, their window, partial failures: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tests.simulation.kernel.world import MICROSECONDS, World

if TYPE_CHECKING:
    from tests.simulation.aws.functions import Function
    from tests.simulation.profiles import Profile


@dataclass(eq=False)
class Message:
    """A message, and how often it was received."""

    message_id: str
    body: str
    receives: int = 0


@dataclass(eq=False)
class Queue:
    """A queue; `hear` is told when there is something to take."""

    name: str
    visibility: int
    most_receives: int
    ready: list[Message] = field(default_factory=list)
    hidden: int = 0
    dead: list[Message] = field(default_factory=list)
    hear: Callable[[], None] = lambda: None
    sent: int = 0

    def send(self, body: str) -> None:
        """Adds a message."""
        self.sent += 1
        self.ready.append(Message(f"{self.name}-{self.sent}", body))
        self.hear()

    @property
    def quiet(self) -> bool:
        return not self.ready and not self.hidden


@dataclass(eq=False)
class SourceMapping:
    """Takes batches from a queue to a function."""

    world: World
    queue: Queue
    function: Function
    batch_size: int
    window: float
    concurrency: int
    partial: bool
    _running: int = 0
    _asked: bool = False

    def begin(self) -> None:
        self.queue.hear = self._ask

    def _ask(self) -> None:
        if not self._asked:
            self._asked = True
            full = len(self.queue.ready) >= self.batch_size
            self.world.after(0.02 if full else max(self.window, 0.05), self._pump)

    def _pump(self) -> None:
        self._asked = False
        queue = self.queue
        while queue.ready and self._running < self.concurrency:
            taken, queue.ready = queue.ready[: self.batch_size], queue.ready[self.batch_size :]
            self._invoke(taken)

    def _invoke(self, taken: Sequence[Message]) -> None:
        self._running += 1
        self.queue.hidden += len(taken)
        visible = self.world.now + self.queue.visibility * MICROSECONDS
        for message in taken:
            message.receives += 1

        def done(answer: Any, error: str | None) -> None:
            self._running -= 1
            failed = {message.message_id for message in taken} if error is not None else self._failed(answer)
            for message in taken:
                if message.message_id in failed:
                    self.world.at(visible, self._show, message)
                else:
                    self.queue.hidden -= 1
            self._pump()

        records = [{"messageId": each.message_id, "body": each.body} for each in taken]
        self.function.invoke({"Records": records}, done)

    def _failed(self, answer: Any) -> set[str]:
        if not self.partial:
            return set()
        return {entry["itemIdentifier"] for entry in answer["batchItemFailures"]}

    def _show(self, message: Message) -> None:
        self.queue.hidden -= 1
        if message.receives >= self.queue.most_receives:
            self.world.say(f"{message.message_id} is a dead letter")
            self.queue.dead.append(message)
        else:
            self.queue.ready.append(message)
            self._ask()


@dataclass(frozen=True)
class Rule:
    """An event pattern and its targets: a queue, and the text that it gets instead of the event."""

    pattern: Mapping[str, Any]
    targets: Sequence[tuple[Queue, str | None]]


@dataclass
class Bus:
    """EventBridge's default bus; `told` are the jobs of whose events at least one was delivered."""

    world: World
    profile: Profile
    rules: Sequence[Rule] = ()
    told: set[str] = field(default_factory=set)

    def emit(self, event: Mapping[str, Any]) -> None:
        """Delivers an event to the queues of all rules that match."""
        for rule in self.rules:
            if matches(rule.pattern, event):
                for queue, constant in rule.targets:
                    arrives = self._deliver(queue, json.dumps(event) if constant is None else constant)
                    if arrives and constant is None:
                        self.told.add(event["detail"].get("jobId", ""))

    def _deliver(self, queue: Queue, body: str) -> bool:
        """False if the event is lost."""
        chance, profile = self.world.chance, self.profile
        draw = chance.draw(f"event to {queue.name}")
        pace = 0.1 + draw.pace * 0.5
        if chance.happens(draw, profile.lost, "an event is lost"):
            return False
        if draw.fate >= profile.lost:
            rest = profile.lost + profile.doubled
            if draw.fate < rest and chance.happens(draw, rest, "an event comes twice"):
                self.world.after(pace + draw.size * 60, queue.send, body)
            elif rest <= draw.fate and chance.happens(draw, rest + profile.delayed, "an event comes late"):
                pace += draw.size * profile.delay_seconds
        self.world.after(pace, queue.send, body)
        return True


def matches(pattern: Any, event: Any) -> bool:
    """Whether an event has what the pattern asks for."""
    for name, wanted in pattern.items():
        value = event.get(name) if isinstance(event, Mapping) else None
        if isinstance(wanted, Mapping):
            if not matches(wanted, value if isinstance(value, Mapping) else {}):
                return False
        elif not any(
            _option(option, value, name in event if isinstance(event, Mapping) else False)
            for option in wanted
        ):
            return False
    return True


def _option(option: Any, value: Any, there: bool) -> bool:
    if not isinstance(option, Mapping):
        return bool(option == value)
    if "exists" in option:
        return bool(there == option["exists"])
    if "anything-but" in option:
        but = option["anything-but"]
        if isinstance(but, Mapping):
            return there and not fnmatchcase(str(value), but["wildcard"])
        return there and value not in but
    if "wildcard" in option:
        return isinstance(value, str) and fnmatchcase(value, option["wildcard"])
    raise ValueError(f"the rules of the template have no {option!r}")
