"""The stack's own state machines, activity_poller and cohort, with the Retry that their files give.

https://states-language.net/spec.html#retrying-after-error: with JitterStrategy FULL a delay is drawn from
nothing up to interval * rate ^ tries, at most MaxDelaySeconds.
"""

from __future__ import annotations

import json
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.aws.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.simulation.aws.functions import Function
    from tests.simulation.aws.stepfunctions import Execution, StepFunctions
    from tests.simulation.kernel.world import Process

FOLDER: Final = Path(__file__).parents[3] / "statemachines"
BY_THE_STATE: Final = "States.Timeout"


@cache
def state_of(machine: str, state: str) -> Any:
    """A state of a file of the project's."""
    text = (FOLDER / f"{machine}.asl.json").read_text()
    for number in ("${RoundsPerExecution}",):
        text = text.replace(number, "0")
    return json.loads(text)["States"][state]


class Machine:
    """Runs functions for executions, and tries again as the file says."""

    def __init__(self, service: StepFunctions, name: str, function: Function, state: str) -> None:
        self.service, self.world, self._function = service, service.world, function
        self._state = state_of(name, state)

    def ended(self, execution: Execution) -> None:
        """An invocation under way goes on; nobody hears its answer."""
        execution.memory["over"] = True

    def call(
        self,
        execution: Execution,
        payload: Any,
        then: Callable[[Any], None],
        tries: int = 0,
        *,
        function: Function | None = None,
    ) -> None:
        """Invokes the function, or another one, with Retry; ends the execution when that is used up."""
        invoked = self._function if function is None else function
        answered = False

        def done(answer: Any, error: str | None) -> None:
            nonlocal answered
            if answered or not execution.running:
                return
            answered = True
            if error is None:
                then(answer)
            else:
                again = partial(self.call, execution, payload, then, tries + 1, function=invoked)
                self._again(execution, error, tries, again)

        execution.memory["process"] = invoked.invoke(payload, done)
        self.world.after(self._state["TimeoutSeconds"], done, None, BY_THE_STATE)

    def _again(self, execution: Execution, error: str, tries: int, act: Callable[[], None]) -> None:
        retry = _retrier(self._state["Retry"], error)
        if tries >= retry["MaxAttempts"]:
            self.service.end(execution, "FAILED", error)
            return
        longest = min(retry["MaxDelaySeconds"], retry["IntervalSeconds"] * retry["BackoffRate"] ** tries)
        self.world.after(longest * self.world.chance.draw("retry").size, act)


def _retrier(retriers: Sequence[Mapping[str, Any]], error: str) -> Mapping[str, Any]:
    return next(each for each in retriers if {error, "States.ALL"} & set(each["ErrorEquals"]))


class Poller(Machine):
    """activity_poller.asl.json: rounds of submit_jobs, then the next link of the chain.

    A link that rests, as `resting` says of the last one of a slot, has no work any more, and neither have
    those before it, though an answer may be on its way, or be lost: then the next round ends before it polls.
    """

    def __init__(
        self,
        service: StepFunctions,
        function: Function,
        probing: Function,
        rounds: int,
        resting: Callable[[int], int | None],
    ) -> None:
        super().__init__(service, "activity_poller", function, "SubmitJobs")
        self._functions = {False: function, True: probing}
        self._rounds, self._resting = rounds, resting
        self.at_work: dict[int, set[str]] = {}
        self.forks: list[str] = []

    def begin(self, execution: Execution) -> None:
        execution.memory.update(json.loads(execution.input), rounds=0)
        self._round(execution)

    def _round(self, execution: Execution) -> None:
        memory = execution.memory
        busy = self.at_work.setdefault(memory["slot"], set())
        live = [each for each in map(self.service.executions.__getitem__, busy) if each.running]
        others = [each for each in live if each is not execution]
        if self._is_at_work(execution) and any(map(self._is_at_work, others)):
            self.forks.append(f"{execution.name} works beside {[each.name for each in live]}")
        busy.add(execution.arn)
        payload = {name: memory[name] for name in ("slot", "number", "probe", "emptyRounds")}
        self.call(
            execution,
            payload | {"brief": memory["probe"]},
            lambda answer: self._over(execution, answer),
            function=self._functions[memory["probe"]],
        )

    def _is_at_work(self, link: Execution) -> bool:
        resting = self._resting(link.memory["slot"])
        return bool(resting is None or resting < link.memory["number"])

    def polled(self, process: Process) -> None:
        """Hears of a poll: a link that rests must not make any."""
        for arn in (arn for busy in self.at_work.values() for arn in busy):
            link = self.service.executions[arn]
            if link.running and link.memory.get("process") is process and not self._is_at_work(link):
                self.forks.append(f"{link.name} polls though it rests")

    def _over(self, execution: Execution, answer: Mapping[str, Any]) -> None:
        memory = execution.memory
        memory["rounds"] += 1
        memory["probe"] = False
        memory["emptyRounds"] = answer["emptyRounds"]
        allowed = answer["emptyRoundsAllowed"]
        if allowed is not None and memory["emptyRounds"] >= allowed:
            self._end(execution)
        elif memory["rounds"] >= self._rounds:
            self._end(execution)
            self._continue(execution)
        else:
            self._round(execution)

    def _end(self, execution: Execution) -> None:
        self.at_work[execution.memory["slot"]].discard(execution.arn)
        self.service.end(execution, "SUCCEEDED")

    def _continue(self, execution: Execution) -> None:
        """The next link, under the name that nobody else can have used for another."""
        memory = execution.memory
        number = memory["number"] + 1
        text = json.dumps({key: memory[key] for key in ("slot", "probe", "emptyRounds")} | {"number": number})
        name = f"slot-{memory['slot']}-{number}"
        try:
            self.service.start_execution({"stateMachineArn": execution.machine, "name": name, "input": text})
        except Refusal:
            self.world.say(f"{name} was started by somebody else")


class CohortMachine(Machine):
    """cohort.asl.json: start_samples until all are started; `asOf` is the start of the execution."""

    def __init__(self, service: StepFunctions, function: Function) -> None:
        super().__init__(service, "cohort", function, "StartSamples")

    def begin(self, execution: Execution) -> None:
        payload = json.loads(execution.input) | {"asOf": execution.started // 1000}

        def over(answer: Mapping[str, Any]) -> None:
            if answer["done"]:
                self.service.end(execution, "SUCCEEDED")
            else:
                self.call(execution, payload, over)

        self.call(execution, payload, over)
