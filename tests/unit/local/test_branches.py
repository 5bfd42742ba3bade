"""The branches of an execution stop together, and wake who waits for them."""

import contextlib
import threading
from typing import Any

import pytest

from sluice_local.engine.stepfunctions.activity_broker import ExecutionEndedError
from sluice_local.engine.stepfunctions.running.branch import Branch, Kept
from sluice_local.engine.stepfunctions.running.roots import Roots
from sluice_local.engine.stepfunctions.running.together import Listener, Work, run_together

ARN = "arn:execution"


def a_branch() -> Branch:
    return Branch({"executionArn": ARN, "status": "RUNNING", "events": []}, {})


def on_error(_: int, error: BaseException | None) -> BaseException | None:
    return error


def test_what_a_branch_waits_for_is_given_up_when_it_is_stopped() -> None:
    branch, given_up = a_branch(), threading.Event()
    with branch.when_stopped(given_up.set):
        assert not given_up.is_set()
        branch.stop()
        assert given_up.is_set()
    with pytest.raises(ExecutionEndedError):
        branch.sleep(600)


def test_who_comes_late_is_called_at_once() -> None:
    branch, given_up = a_branch(), threading.Event()
    branch.stop()
    with branch.when_stopped(given_up.set):
        assert given_up.is_set()


def test_an_inner_branch_stops_with_the_outer_one_as_long_as_it_runs() -> None:
    outer, inner, over = a_branch(), a_branch(), a_branch()
    with outer.inner(over):
        pass
    with outer.inner(inner):
        outer.stop()
    assert (inner.is_stopped, over.is_stopped) == (True, False)


def test_a_branch_is_stopped_when_its_execution_has_ended() -> None:
    branch = a_branch()
    branch.execution["status"] = "ABORTED"
    with pytest.raises(ExecutionEndedError):
        branch.require_running()


def test_results_come_in_order_and_as_many_run_at_once_as_may() -> None:
    together, counting = threading.Barrier(2), threading.Lock()
    running: list[int] = []
    seen: list[int] = []

    def work(number: int) -> Work:
        def run() -> int:
            with counting:
                running.append(number)
                seen.append(len(running))
            together.wait(20)
            with counting:
                running.remove(number)
            return number * 10

        return Work(a_branch(), run)

    works = [work(number) for number in range(4)]
    assert run_together(a_branch(), works, Listener(on_error), at_once=2) == [0, 10, 20, 30]
    assert max(seen) == 2


def test_the_first_failure_stops_the_others_and_is_raised() -> None:
    parent, waiting = a_branch(), a_branch()

    def fail() -> Any:
        raise ValueError("first")

    works = [Work(waiting, lambda: waiting.sleep(600)), Work(a_branch(), fail)]
    with pytest.raises(ValueError, match="first"):
        run_together(parent, works, Listener(on_error), at_once=2)
    assert waiting.is_stopped


def test_stopping_the_parent_ends_the_wait_for_all() -> None:
    parent, waiting = a_branch(), a_branch()
    begun = threading.Event()

    def wait() -> None:
        begun.set()
        waiting.sleep(600)

    def stop() -> None:
        begun.wait()
        parent.stop()

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(ExecutionEndedError):
        run_together(parent, [Work(waiting, wait)], Listener(on_error), at_once=1)
    assert waiting.is_stopped


def test_a_state_that_begins_anew_knows_nothing_of_its_branches() -> None:
    kept = Kept(inside={0: Kept(output=(1,))}, map_run=object())
    kept.enter("Next", {"x": 1}, {"v": 2})
    assert (kept.at, kept.inside, kept.map_run) == (("Next", {"x": 1}, {"v": 2}), {}, None)


def test_an_execution_is_stopped_and_awaited_by_its_arn() -> None:
    roots, branch = Roots(), a_branch()
    with roots.running(branch):
        end = roots.end_of(ARN)
        roots.stop(ARN)
        assert branch.is_stopped
        assert end.is_set()


def test_one_that_winds_up_late_does_not_end_the_one_that_was_redriven() -> None:
    roots, stopped, redriven = Roots(), a_branch(), a_branch()
    late = roots.running(stopped)
    with late:
        with contextlib.ExitStack() as stack:
            stack.enter_context(roots.running(redriven))
            going_on = stack.pop_all()
        end = roots.end_of(ARN)
    assert not end.is_set()
    with going_on:
        roots.stop(ARN)
        assert redriven.is_stopped
        assert end.is_set()
