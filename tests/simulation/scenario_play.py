"""Plays a directed scenario and says what it showed.

`python -m tests.simulation scenario NAME`, or without a name all of them: the healthy tasks that were lost,
how late good news came, and the calls of each API.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Final

from tests.simulation.aws.workflows import State
from tests.simulation.invariants import OVERLAP, Judge
from tests.simulation.kernel.chance import Chance
from tests.simulation.kernel.world import MICROSECONDS, START_US, World
from tests.simulation.open_things import open_things
from tests.simulation.scenarios import HOUR, QUIET, SCENARIOS, word_of
from tests.simulation.stack import Plan, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from tests.simulation.aws.stepfunctions import Execution

HEALTHY = ("good", "late")

SOON_SECONDS: Final = 10
"""How soon a healthy task's success is told, and its first job submitted, where nothing is in the way."""


def play(name: str) -> list[str]:
    """Plays a scenario and says what it showed."""
    scenario = SCENARIOS[name]
    began = time.perf_counter()
    world = World(Chance(f"scenario {name}"))
    plan = Plan(
        scenario.given,
        lambda execution: (_state(scenario.states[word_of(execution)], execution),),
        lambda request: scenario.fate(_word(stack, request), request, world.seconds),
        scenario.outages,
        scenario.submits_per_second,
    )
    stack = Stack(world, QUIET, plan)
    judge = Judge(stack)
    judge.begin()
    scenario.begin(stack)
    quiet = world.run(
        START_US + round(scenario.hours * HOUR * MICROSECONDS),
        lambda: world.seconds > 1800 and not any(open_things(stack)),
        every=5_000,
    )
    return _report(name, judge, quiet=quiet, took=time.perf_counter() - began)


def _state(wanted: State | Callable[[Execution], State], execution: Execution) -> State:
    return wanted if isinstance(wanted, State) else wanted(execution)


def _word(stack: Stack, request: Mapping[str, Any]) -> str:
    return word_of(stack.step_functions.task_of(request).execution)


def _report(name: str, judge: Judge, *, quiet: bool, took: float) -> list[str]:
    scenario, stack = SCENARIOS[name], judge.stack
    tasks = stack.step_functions.tasks.values()
    healthy = [task for task in tasks if word_of(task.execution) in HEALTHY]
    lost = [task for task in healthy if task.how in ("heartbeat", "timeout")]
    failed = [
        each
        for each in stack.step_functions.executions.values()
        if word_of(each) in HEALTHY and each.status != "SUCCEEDED"
    ]
    news = _delays(stack, judge, "good") + _delays(stack, judge, "late")
    copies = [each for each in judge.verdict() if each.invariant == OVERLAP]
    calls = ", ".join(f"{api} {number:,}" for api, number in sorted(stack.world.calls.items()))
    state = "quiet" if quiet else "NOT QUIET"
    begun = _starts(stack)
    return [
        f"{name}: {scenario.about}",
        f"  healthy tasks lost: {len(lost):,} of {len(healthy):,}",
        f"  healthy workflows that did not succeed: {len(failed):,}; copies at once: {len(copies):,}",
        f"  jobs left running: {_left_running(stack):,}",
        f"  good news came after {_spread(news)}",
        f"  a healthy task's first job was submitted after {_spread(begun)}",
        f"  calls: {calls}",
        *scenario.extra(stack),
        f"  {state} after {stack.world.seconds / HOUR:.2f} virtual hours; {took:.1f} s of computing",
    ]


def _left_running(stack: Stack) -> int:
    tasks = stack.step_functions.tasks
    return sum(job.stopped is None and tasks[job.token].over is not None for job in stack.batch.jobs.values())


def _spread(seconds: list[float]) -> str:
    middle = statistics.median(seconds) if seconds else 0
    late = sum(each > SOON_SECONDS for each in seconds)
    return (
        f"p50 {middle:,.1f} s, at most {max(seconds, default=0):,.1f} s"
        f" ({len(seconds):,} tasks, {late:,} of them after more than {SOON_SECONDS} s)"
    )


def _delays(stack: Stack, judge: Judge, word: str) -> list[float]:
    """From the end of a good task's last job until its workflow hears of it."""
    last: dict[str, int] = {}
    for job in stack.batch.jobs.values():
        last[job.token] = max(last.get(job.token, 0), job.stopped or 0)
    return [
        (at - last[task.token]) / MICROSECONDS
        for task, error, _, at in judge.outcomes
        if error is None and task.execution.name.startswith(f"{word}-")
    ]


def _starts(stack: Stack) -> list[float]:
    first: dict[str, int] = {}
    for job in stack.batch.jobs.values():
        first.setdefault(job.token, job.created)
    tasks = stack.step_functions.tasks
    return [
        (at - tasks[token].scheduled) / MICROSECONDS
        for token, at in first.items()
        if word_of(tasks[token].execution) in HEALTHY
    ]
