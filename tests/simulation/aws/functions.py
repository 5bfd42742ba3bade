"""A model of Lambda: environments that are reused, deadlines, crashes, and what invokes a function.

* An environment is reused for one invocation at a time: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
* A function that is not over in time is ended: https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
* An asynchronous invocation that fails is made again after one minute and after two:
  https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
* EventBridge Scheduler invokes at least once: https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

from tests.simulation.kernel.world import MICROSECONDS, Process, World

REPEATED_AFTER: Final = (60, 120)
MISTAKES: Final = (AttributeError, LookupError, NameError, TypeError, AssertionError)
"""What no trouble of AWS's raises: a mistake of Sluice's, or of this simulation's."""

CRASHED: Final = "Lambda.Unknown"
Done = Callable[[Any, str | None], None]


class Function:
    """A function: its handler, its time, its environments, and what each of these begins with."""

    def __init__(  # noqa: PLR0913 - all of what the template says of it
        self,
        world: World,
        name: str,
        handler: Callable[[Any, Any], Any],
        *,
        timeout: int,
        memory: Mapping[str, Any],
        offset_us: Callable[[], int],
    ) -> None:
        self.world, self.name, self.timeout = world, name, timeout
        self._handler, self._memory, self._offset = handler, memory, offset_us
        self._idle: list[Process] = []
        self._made = 0
        self.running = 0
        self.failures = 0
        self.mistakes: list[str] = []

    def invoke(self, payload: Any, done: Done) -> Process:
        """Invokes it; `done` hears the answer, or the error's name."""
        process = self._idle.pop() if self._idle else self._new()
        deadline = self.world.now + self.timeout * MICROSECONDS
        context = SimpleNamespace(
            function_name=self.name,
            memory_limit_in_mb=256,
            invoked_function_arn=self.name,
            aws_request_id=f"{self.name}-{self.world.steps}",
            get_remaining_time_in_millis=lambda: (deadline - self.world.now) // 1000,
        )
        over = False
        self.running += 1

        def settle(result: Any, error: str | None) -> None:
            nonlocal over
            if over:
                return
            over = True
            self.running -= 1
            if error is not None:
                self.failures += 1
                self.world.say(f"{process.name} fails: {error}")
            done(result, error)

        def ended(result: Any, error: Any) -> None:
            if isinstance(error, MISTAKES):
                self.mistakes.append(f"{process.name}: {error!r}")
            if not process.dead:
                process.on_death = None
                self._idle.append(process)
            settle(result, None if error is None else type(error).__name__)

        def expire() -> None:
            if not over:
                self.world.kill(process, "its time is up")

        process.on_death = lambda: settle(None, CRASHED)
        self.world.spawn(process, lambda: self._handler(payload, context), ended)
        self.world.at(deadline, expire)
        return process

    def _new(self) -> Process:
        self._made += 1
        process = Process(self.world, f"{self.name}#{self._made}", self._offset())
        process.memory.update(self._memory)
        return process


@dataclass(eq=False)
class Schedule:
    """Invokes a function again and again."""

    world: World
    function: Function
    seconds: int
    doubled: float
    event: Any = field(default_factory=dict)

    def begin(self) -> None:
        """Draws when in its period it is due."""
        first = self.world.chance.at(f"schedule {self.function.name}", 0).size
        self.world.after(first * self.seconds, self._tick)

    def _tick(self) -> None:
        self.world.after(self.seconds, self._tick)
        self._invoke(0)
        draw = self.world.chance.draw(f"schedule {self.function.name}")
        if self.world.chance.happens(draw, self.doubled, "a schedule is due twice"):
            self.world.after(draw.size * 20, self._invoke, 0)

    def _invoke(self, times: int) -> None:
        def done(_: Any, error: str | None) -> None:
            if error is not None and times < len(REPEATED_AFTER):
                self.world.after(REPEATED_AFTER[times], self._invoke, times + 1)

        self.function.invoke(self.event, done)
