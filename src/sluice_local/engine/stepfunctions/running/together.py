"""Runs branches side by side; the first that fails stops the others.

AWS: "If any branch fails, because of an unhandled error or by transitioning to a Fail state, the entire
Parallel state is considered to have failed and all the branches are stopped",
https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html, a Map's iterations likewise,
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html. The jobs of the stopped ones are
ended: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync.
"""

import contextlib
import contextvars
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sluice_local.engine.stepfunctions.activity_broker import ExecutionEndedError
from sluice_local.engine.stepfunctions.running.branch import Branch, entered
from sluice_local.engine.stepfunctions.running.history import record

_ABORTED = {"Task", "Wait", "Parallel", "Map"}


@dataclass(frozen=True)
class Work:
    """What one branch has to do; `run` returns its result, or raises."""

    branch: Branch
    run: Callable[[], Any]


Outcome = tuple[int, Any, BaseException | None]


@dataclass(frozen=True)
class Listener:
    """Hears of the works by their numbers: `ended` answers with what fails all of them, if anything does."""

    ended: Callable[[int, BaseException | None], BaseException | None]
    aborted: Callable[[int, int | None], None] = lambda _number, _follows: None


def run_together(parent: Branch, works: Sequence[Work], listener: Listener, *, at_once: int) -> list[Any]:
    """Run each work in a thread of its own, at most `at_once` at a time; return their results in order.

    Raises:
        ExecutionEndedError: if `parent`, whose branches they are, was stopped.
        BaseException: that of the work which fails all; the others are stopped.
    """
    ends: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    results: list[Any] = [None] * len(works)
    under_way = dict(enumerate(works))
    with contextlib.ExitStack() as stack:
        stack.enter_context(parent.when_stopped(lambda: ends.put((-1, None, ExecutionEndedError()))))
        for work in works:
            stack.enter_context(parent.inner(work.branch))
        _start_threads(works, ends, min(at_once, len(works)))
        for _ in works:
            number, result, error = ends.get()
            under_way.pop(number, None)
            fatal = error if number < 0 else listener.ended(number, error)
            if fatal is not None:
                _stop(under_way, works[number].branch if number >= 0 else parent, listener)
                raise fatal
            results[number] = result
    return results


def _start_threads(works: Sequence[Work], ends: "queue.SimpleQueue[Outcome]", count: int) -> None:
    waiting = iter(enumerate(works))
    taking = threading.Lock()

    def work_off() -> None:
        while True:
            with taking:
                number, work = next(waiting, (-1, None))
            if work is None:
                return
            ends.put(_outcome(number, work))

    for _ in range(count):
        threading.Thread(target=contextvars.copy_context().run, args=(work_off,), daemon=True).start()


def _outcome(number: int, work: Work) -> Outcome:
    try:
        with entered(work.branch):
            return number, work.run(), None
    except BaseException as error:  # noqa: BLE001 - it is raised again where the branches are awaited
        return number, None, error


def _stop(under_way: Mapping[int, Work], failed: Branch, listener: Listener) -> None:
    """Stop the branches that still run, and record which states are given up, a failed task last."""
    for number, work in under_way.items():
        branch = work.branch
        follows = failed.last_event if branch.execution is failed.execution else None
        if _abort(branch, follows):
            with contextlib.suppress(ExecutionEndedError):
                listener.aborted(number, follows)
        branch.stop()
    if failed.state[1] == "Task":
        _abort(failed, failed.last_event)


def _abort(branch: Branch, follows: int | None) -> bool:
    """Record that the state of a branch is given up; answer whether there was any to record."""
    kind = branch.state[1]
    if kind not in _ABORTED:
        return False
    with contextlib.suppress(ExecutionEndedError):
        record(branch, f"{kind}StateAborted", follows=follows)
        return True
    return False
