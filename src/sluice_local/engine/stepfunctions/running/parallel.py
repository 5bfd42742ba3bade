"""Parallel, and Map in its inline mode.

AWS: each branch and iteration has events, a context object and variables of its own; the first that fails
ends the state, https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html; an inline Map runs
at most 40 iterations at a time, https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html.

MiniStack 1.5.33: waits for every branch before it fails, maps over what is no list, and ignores
MaxConcurrencyPath and Parallel's JSONata fields.

Fixed by running them as branches (`together`).
"""

from collections.abc import Callable
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.stepfunctions.running.branch import Branch, Execution, Kept, here
from sluice_local.engine.stepfunctions.running.history import record
from sluice_local.engine.stepfunctions.running.items import (
    effective_input,
    item_input,
    items_of,
    number_of,
    processor_of,
    with_item,
)
from sluice_local.engine.stepfunctions.running.machine import State, is_jsonata, output_of, run_states
from sluice_local.engine.stepfunctions.running.together import Listener, Work, run_together

INLINE_ITERATIONS_AT_ONCE = 40
_MODULE = "services.stepfunctions"


def install(run_distributed: Callable[[State, Any], Any]) -> None:
    """Replace MiniStack's Parallel and Map; `run_distributed` runs a Map in distributed mode."""

    def run_map(state: State, data: Any, _execution: Execution, context: State) -> tuple[Any, str | None]:
        mode = (processor_of(state).get("ProcessorConfig") or {}).get("Mode")
        result = run_distributed(state, data) if mode == "DISTRIBUTED" else _run_inline(state, data)
        return output_of(state, data, result, context), _next(state)

    ministack.replace(f"{_MODULE}._run_parallel_branches", _run_parallel)
    ministack.replace(f"{_MODULE}._run_map_items", run_map)


def _next(state: State) -> str | None:
    return None if state.get("End") else state["Next"]


def begun() -> Branch:
    """Return the branch of this thread at the begin of a try of its state, of which no earlier one counts."""
    parent = here()
    if parent.context["State"]["RetryCount"]:
        parent.kept.forget_inside()
    return parent


def _run_parallel(state: State, data: Any, _execution: Execution, context: State) -> tuple[Any, str | None]:
    parent = begun()
    given = _branch_input(state, data, context)
    started = record(parent, "ParallelStateStarted")
    branches = [_inner(parent, number, started) for number in range(len(state["Branches"]))]
    works = [
        Work(branch, _running(branch, machine, given))
        for branch, machine in zip(branches, state["Branches"], strict=True)
    ]

    def ended(number: int, error: BaseException | None) -> BaseException | None:
        parent.last_event = branches[number].last_event
        return error

    result = _or_failed(
        "Parallel", parent, lambda: run_together(parent, works, Listener(ended), at_once=len(works))
    )
    record(parent, "ParallelStateSucceeded", follows=parent.last_event)
    return output_of(state, data, result, context), _next(state)


def _branch_input(state: State, data: Any, context: State) -> Any:
    if is_jsonata(state, context):
        return ministack.private(f"{_MODULE}._apply_jsonata_arguments")(state, data, context)
    taken = ministack.private(f"{_MODULE}._apply_input_path")(state, data, context)
    return ministack.private(f"{_MODULE}._apply_parameters")(state, taken, context)


def _inner(parent: Branch, number: int, last_event: int, context: State | None = None) -> Branch:
    """Make a branch inside the state that `parent` is in, with variables of its own."""
    own = {**(context or parent.context), "variables": dict(parent.context["variables"])}
    return Branch(parent.execution, own, parent.kept.inside.setdefault(number, Kept()), last_event)


def _running(branch: Branch, machine: State, data: Any) -> Callable[[], Any]:
    return lambda: run_states(branch, machine, data)


def _or_failed(kind: str, parent: Branch, run: Callable[[], list[Any]]) -> list[Any]:
    try:
        return run()
    except ministack.private(f"{_MODULE}._ExecutionError"):
        record(parent, f"{kind}StateFailed")
        raise


def _run_inline(state: State, data: Any) -> list[Any]:
    parent = begun()
    given = effective_input(state, data, parent.context)
    items = items_of(state, given, parent.context)
    at_once = int(number_of(state, "MaxConcurrency", given, parent) or INLINE_ITERATIONS_AT_ONCE)
    iterations = _Iterations(state, parent, record(parent, "MapStateStarted", {"length": len(items)}))
    works = [iterations.work(number, item, given) for number, item in enumerate(items)]
    listener = Listener(iterations.ended, iterations.aborted)
    limit = min(at_once, INLINE_ITERATIONS_AT_ONCE)
    result = _or_failed("Map", parent, lambda: run_together(parent, works, listener, at_once=limit))
    record(parent, "MapStateSucceeded", follows=parent.last_event)
    return result


class _Iterations:
    """The iterations of an inline Map, and their events."""

    def __init__(self, state: State, parent: Branch, started: int) -> None:
        self._state = state
        self._parent = parent
        self._started = started
        self._branches: list[Branch] = []

    def work(self, number: int, item: Any, given: Any) -> Work:
        """Make the iteration of one item."""
        own = with_item(self._parent.context, number, item)
        branch = _inner(self._parent, number, self._started, own)
        self._branches.append(branch)
        machine = processor_of(self._state)

        def run() -> Any:
            if branch.kept.output is not None:  # it was over before a redrive
                return run_states(branch, machine, None)
            record(branch, "MapIterationStarted", self._named(number))
            output = run_states(branch, machine, item_input(self._state, given, item, own))
            record(branch, "MapIterationSucceeded", self._named(number))
            return output

        return Work(branch, run)

    def ended(self, number: int, error: BaseException | None) -> BaseException | None:
        """Follow the iteration's last event, and tell of a failure."""
        branch = self._branches[number]
        self._parent.last_event = max(branch.last_event, self._started)
        if error is not None:
            record(branch, "MapIterationFailed", self._named(number), follows=branch.last_event)
        return error

    def aborted(self, number: int, follows: int | None) -> None:
        """Tell that an iteration was stopped because of the event that it follows."""
        record(self._branches[number], "MapIterationAborted", self._named(number), follows=follows)

    def _named(self, number: int) -> State:
        return {"name": self._parent.state[0], "index": number}
