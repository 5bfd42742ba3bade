"""Which line of an execution a thread runs: the execution itself, a Parallel's branch or a Map's iteration.

A branch has its own context object, its own place in the history and in the definition, and can be stopped
with all that it has started: https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
("if any branch fails [...] all the branches are stopped"). It keeps how far it came, for RedriveExecution.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sluice_local.engine.stepfunctions.activity_broker import ExecutionEndedError

Execution = dict[str, Any]
KEPT = "_kept"
"""Names the field of an execution that holds how far it came."""


@dataclass(eq=False)
class Kept:
    """How far a branch came, and the branches inside the state that it is in.

    Attributes:
        at: the state that it is in, its input, and the variables with which it began.
        output: the branch's output in a tuple; None until it is over.
        inside: what the state's own branches keep, by their numbers.
        map_run: the run of a Distributed Map, if the state is one.
    """

    at: tuple[str, Any, dict[str, Any]] | None = None
    output: tuple[Any] | None = None
    inside: dict[int, "Kept"] = field(default_factory=dict)
    map_run: Any = None

    def enter(self, state: str, data: Any, variables: dict[str, Any]) -> None:
        """Note that a state begins: nothing is known inside it."""
        self.at = (state, data, dict(variables))
        self.forget_inside()

    def forget_inside(self) -> None:
        """Forget how far the branches of the state came: it begins anew, or is over."""
        self.inside, self.map_run = {}, None


@dataclass(eq=False)
class Branch:
    """One line of an execution.

    Attributes:
        execution: MiniStack's record of it.
        context: the context object and the variables that the branch sees.
        kept: how far it came.
        last_event: the id of the event that its next one follows.
        state: the name and the type of the state that it is in.
    """

    execution: Execution
    context: dict[str, Any]
    kept: Kept = field(default_factory=Kept)
    last_event: int = 0
    state: tuple[str, str] = ("", "")
    _stopped: threading.Event = field(default_factory=threading.Event)
    _on_stop: list[Callable[[], None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def inner(self, child: "Branch") -> Iterator["Branch"]:
        """Have `child` stopped with this branch, as long as it runs."""
        with self.when_stopped(child.stop):
            yield child

    @contextmanager
    def when_stopped(self, call: Callable[[], None]) -> Iterator[None]:
        """Have `call` called when the branch is stopped meanwhile, or at once if it was."""
        with self._lock:
            self._on_stop.append(call)
            is_late = self._stopped.is_set()
        if is_late:
            call()
        try:
            yield
        finally:
            with self._lock:
                self._on_stop.remove(call)

    def stop(self) -> None:
        """End the branch: what it waits for is given up, and it records nothing any more."""
        with self._lock:
            self._stopped.set()
            calls = list(self._on_stop)
        for call in calls:
            call()

    @property
    def is_stopped(self) -> bool:
        """Whether the branch, or the execution, was ended from outside."""
        return self._stopped.is_set() or self.execution["status"] != "RUNNING"

    def require_running(self) -> None:
        """Raise `ExecutionEndedError` if the branch was stopped."""
        if self.is_stopped:
            raise ExecutionEndedError

    def sleep(self, seconds: float) -> None:
        """Wait so long, unless the branch is stopped before.

        Raises:
            ExecutionEndedError: if it is.
        """
        self._stopped.wait(max(0.0, seconds))
        self.require_running()


_branch: ContextVar[Branch] = ContextVar("branch")


def current_branch() -> Branch | None:
    """Return the branch that the calling thread runs; None outside of any execution."""
    return _branch.get(None)


def here() -> Branch:
    """Return the branch of the calling thread, which runs a state."""
    return _branch.get()


@contextmanager
def entered(branch: Branch) -> Iterator[Branch]:
    """Make `branch` the calling thread's."""
    outer = _branch.set(branch)
    try:
        yield branch
    finally:
        _branch.reset(outer)
