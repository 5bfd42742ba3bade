"""The executions of people's workflows: states one after another, tasks tried again as the ASL says.

https://states-language.net/spec.html#retrying-after-error
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.aws.stepfunctions import ActivityTask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.simulation.aws.stepfunctions import Execution, StepFunctions


@dataclass(frozen=True)
class State:
    """A state of a workflow: a task for each body, all at once, as in a Map."""

    name: str
    bodies: tuple[Mapping[str, Any], ...]
    heartbeat: float = 900
    timeout: float | None = None
    retries: int = 5


RETRIED_ERRORS: Final = ("States.Timeout", "States.HeartbeatTimeout", "Job.SpotInterruption")
"""As statemachines/workflow.asl.json."""


class Workflows:
    """The executions of people's workflows: states one after another, tasks tried again as the ASL says."""

    def __init__(self, service: StepFunctions, plan: Callable[[Execution], tuple[State, ...]]) -> None:
        self.service, self.world, self._plan = service, service.world, plan
        self._tokens = 0

    def begin(self, execution: Execution) -> None:
        execution.memory.setdefault("states", self._plan(execution))
        execution.memory.setdefault("index", 0)
        self._enter(execution)

    def ended(self, execution: Execution) -> None:
        for task in execution.memory.pop("open", ()):
            self.service.abandon(task, "stopped")

    def _enter(self, execution: Execution) -> None:
        states, index = execution.memory["states"], execution.memory["index"]
        if index == len(states):
            self.service.end(execution, "SUCCEEDED")
            return
        execution.memory["open"] = []
        execution.memory["left"] = len(states[index].bodies)
        execution.memory["visit"] = execution.memory.get("visit", 0) + 1
        for number in range(len(states[index].bodies)):
            self._try(execution, states[index], number, 1)

    def _try(self, execution: Execution, state: State, number: int, tries: int) -> None:
        visit = execution.memory["visit"]
        if not execution.running:
            return
        self._tokens += 1
        token = f"AQ{self._tokens:05d}"
        body = {"executionArn": execution.arn, "stateName": state.name, **state.bodies[number]}

        def done(error: str | None, _: str) -> None:
            if not execution.running or execution.memory["visit"] != visit:
                return
            if error is None:
                execution.memory["left"] -= 1
                if execution.memory["left"] == 0:
                    execution.memory["index"] += 1
                    self._enter(execution)
            elif error in RETRIED_ERRORS and tries <= state.retries:
                delay = min(60, 2 ** (tries - 1)) * self.world.chance.draw("retry").size
                self.world.after(delay, again)
            else:
                self.service.end(execution, "FAILED", error)

        def again() -> None:
            if execution.running and execution.memory["visit"] == visit:
                self._try(execution, state, number, tries + 1)

        task = ActivityTask(
            token,
            execution,
            state.name,
            json.dumps(body),
            state.heartbeat,
            state.timeout,
            self.world.now,
            done,
            number,
        )
        execution.memory["open"].append(task)
        self.service.schedule(task)
