"""What people do in a round: workflows that start, are stopped and redriven, and cohorts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sluice.tasks.submission import FORM
from tests.simulation.aws.batch import Fate
from tests.simulation.aws.workflows import State
from tests.simulation.client import DENIED, Outage
from tests.simulation.invariants import UNWATCHED
from tests.simulation.kernel.world import MICROSECONDS, START_US
from tests.simulation.person import cancel
from tests.simulation.stack import COHORTS, QUEUE, WORKFLOW, Plan, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.simulation.aws.stepfunctions import Execution
    from tests.simulation.kernel.chance import Chance
    from tests.simulation.profiles import Profile

FAILING: Final = 0.08
INTERRUPTED: Final = 0.03
ALIKE: Final = 0.8
"""Tasks that may share an array, where there are any."""
OTHERWISE: Final = 0.2
"""Of these, tasks of another revision."""
BAD: Final = 0.05
BAD_FIELDS: Final = ({"jobQueue": UNWATCHED}, {"parameters": {FORM: "sync"}})
"""What a task must not ask for."""
LONG_SECONDS: Final = 2 * 3600
"""Some jobs take hours, so that what is forgotten shows."""
SPOT: Final = "Your Spot Task was interrupted."
FROM_START: Final = 0.3
"""How many retries start at the beginning, wherever samples failed."""
COHORT: Final = "run"

SETTINGS: Final[Mapping[str, tuple[Any, ...]]] = {
    "PollerCount": (1, 1, 2),
    "OpenPolls": (2, 4, 12),
    "PollerThreads": (1, 2, 4),
    "RoundSeconds": (60, 600),
    "RoundsPerExecution": (1, 3, 500),
    "SubmitRatePerSecond": (2, 10, 49),
    "OtherRatePerSecond": (2, 10),
    "OverdueSeconds": (300, 1200, 3600),
    "MaxOpenTasks": (2, 75_000, 75_000),
    "RECONCILER_THREADS": ("1", "2", "4"),
}
"""Parameters and variables that a round may have instead of the template's."""

STEP_SECONDS: Final = 300
DENIED_SECONDS: Final = 60
DENIED_EVERY: Final = 150
"""Several such times on end would be longer than a new permission ever takes."""
DENIAL: Final = "User: a role is not authorized to perform: batch:SubmitJob"
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
SPOILT: Final = 3
"""Each third task is spoilt."""

SPREAD_SECONDS: Final = 900
AT_ONCE_SECONDS: Final = 5

OUTAGES: Final = (
    ("SubmitJob", "InternalServerError", 500),
    ("SubmitJob", "TooManyRequestsException", 429),
    ("TerminateJobs", "InternalServerError", 500),
    ("ListJobs", "TooManyRequestsException", 429),
    ("DescribeJobs", "InternalServerError", 500),
    ("GetActivityTask", "InternalServerError", 500),
    ("SendTaskSuccess", "InternalServerError", 500),
    ("StartExecution", "ThrottlingException", 400),
)


@dataclass
class Requests:
    """What was asked of a cohort, in microseconds since the epoch."""

    launched: list[int] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    samples: int = 0


class Workload:
    """A round's people. `over_at` is when the last of them has done what they will do."""

    def __init__(self, chance: Chance, profile: Profile) -> None:
        self.chance, self.profile = chance, profile
        self.over_at = 0.0
        self.cohort = Requests()
        self._stack: Stack | None = None

    def plan(self) -> Plan:
        """What the stack is given."""
        settings = {**SETTINGS, **self.profile.settings}
        given = {name: self.chance.choice(name, options) for name, options in settings.items()}
        return Plan(given, self._states, self._fate, list(self._outages()))

    def begin(self, stack: Stack) -> None:
        """Lets everybody begin."""
        self._stack = stack
        number = 1 + int(self.chance.at("workflows", 0).size * self.profile.workflows)
        for index in range(number):
            if self._is_there("workflow", index, 1):
                self._workflow(index)
        if self._is_there("cohort", 0, self.profile.cohorts):
            self._cohort()

    def _is_there(self, name: str, index: int, rate: float) -> bool:
        """A part of the workload, which can be left out to see whether it matters."""
        return self.chance.happens(self.chance.at(name, index), rate, name)

    def _at(self, seconds: float, act: Callable[..., Any], *arguments: Any) -> None:
        assert self._stack is not None
        self.over_at = max(self.over_at, seconds)
        self._stack.world.after(seconds, act, *arguments)

    def _workflow(self, index: int) -> None:
        stack = self._stack
        assert stack is not None
        name = f"workflow-{index}"
        spread = AT_ONCE_SECONDS if self.profile.arrays else SPREAD_SECONDS
        begins = self.chance.at("begins", index).size * spread
        self._at(begins, stack.step_functions.start, WORKFLOW, name, "{}")
        if not self._is_there("stop", index, self.profile.stops):
            return
        draw = self.chance.at("stopped", index)
        stopped = begins + draw.size * draw.size * 1500
        self._at(stopped, lambda: stack.step_functions.end(self._execution(name), "ABORTED"))
        if self._is_there("redrive", index, 0.6):
            redriven = stopped + 0.2 + draw.pace * draw.pace * 600
            self._at(redriven, lambda: stack.step_functions.redrive(self._execution(name)))

    def _execution(self, name: str) -> Execution:
        assert self._stack is not None
        return self._stack.step_functions.executions[
            f"{WORKFLOW.replace(':stateMachine:', ':execution:')}:{name}"
        ]

    def _states(self, execution: Execution) -> tuple[State, ...]:
        shape = self.chance.at(f"shape {execution.name}", 0)
        is_short = ".run" in execution.name or COHORT in execution.name
        number = 1 + int(shape.fate < 0.3) if is_short else 1 + int(shape.size * 2.2)
        return tuple(self._state(f"{execution.name}/{index}", f"State{index}") for index in range(number))

    def _state(self, place: str, name: str) -> State:
        draw = self.chance.at(f"state {place}", 0)
        width = 1 if draw.fate < 0.8 else 2
        timeout = self.chance.at(f"timeout {place}", 0)
        limit = 120 + timeout.size * 900 if timeout.fate < self.profile.timeouts else None
        bodies = tuple(self._body(f"{place}/{number}") for number in range(width))
        return State(name, bodies, timeout=limit)

    def _body(self, place: str) -> dict[str, Any]:
        draw = self.chance.at(f"body {place}", 0)
        if self.profile.arrays and draw.fate < ALIKE:
            revision = 1 + int(draw.side < OTHERWISE)
            wanted: dict[str, Any] = {"jobQueue": QUEUE, "jobDefinition": f"definition:{revision}"}
            wanted["parameters"] = {"sample": place}
            return {"jobs": [{"jobName": "alike", **wanted}], "vary": ["sample"], "failFast": True}
        jobs: list[dict[str, Any]] = []
        number = 4 + int(draw.size * 24) if self.profile.crowded else 1 + int(draw.size**2 * 4)
        for index in range(number):
            one = self.chance.at(f"job {place}", index)
            job: dict[str, Any] = {"jobName": f"job{index}", "jobQueue": QUEUE, "jobDefinition": "definition"}
            if one.fate < 0.1:
                job["arrayProperties"] = {"size": 2 + int(one.pace * 3)}
            if jobs and one.side < 0.4:
                job["dependsOn"] = [{"jobName": jobs[-1]["jobName"]}]
            if one.pace < 0.01:
                job["jobQueue"] = "gone"
            jobs.append(job)
        if draw.pace < BAD:
            jobs[-1] |= BAD_FIELDS[int(draw.pace / BAD * len(BAD_FIELDS))]
        return {"jobs": jobs, "failFast": draw.side < 0.8}

    def _fate(self, request: Mapping[str, Any]) -> Fate:
        assert self._stack is not None
        task = self._stack.step_functions.task_of(request)
        draw = self.chance.at(f"fate {task.token}/{request['parameters']['taskJob']}", 0)
        seconds, queued = 20 + draw.size**3 * 1500, draw.pace**4 * 300
        if draw.side < self.profile.long_jobs:
            seconds += LONG_SECONDS
        if self.profile.in_step:
            queued = 0.0
            seconds = STEP_SECONDS * (2 + int(draw.size * 3)) - self._stack.world.seconds % STEP_SECONDS
        if draw.fate < INTERRUPTED:
            return Fate(seconds, reason=SPOT, queued_seconds=queued)
        return Fate(seconds, exit_code=int(draw.fate > 1 - FAILING), queued_seconds=queued)

    def _spoilt(self) -> Iterator[Outage]:
        """Times in which the items of some tasks cannot be changed, as of a partition that is too hot."""
        for index in range(self.profile.spoilt):
            draw = self.chance.at("spoilt", index)
            if self.chance.happens(draw, 1, "items are spoilt"):
                begins = START_US + round((index * 1800 + draw.pace * 900) * MICROSECONDS)
                ends = begins + round(draw.between(900, 1500) * MICROSECONDS)
                yield Outage("UpdateItem", begins, ends, "ThrottlingException", 400, applies=is_spoilt)

    def _denied(self) -> Iterator[Outage]:
        """Times in which a permission is not in force yet."""
        for index in range(self.profile.denied):
            draw = self.chance.at("denial", index)
            if self.chance.happens(draw, 1, "IAM denies SubmitJob"):
                begins = START_US + round((index * DENIED_EVERY + draw.pace * 60) * MICROSECONDS)
                ends = begins + round(draw.between(20, DENIED_SECONDS) * MICROSECONDS)
                yield Outage("SubmitJob", begins, ends, DENIED, 403, message=DENIAL)

    def _outages(self) -> list[Outage]:
        found = [*self._spoilt(), *self._denied()]
        for index in range(self.profile.outages):
            draw = self.chance.at("outage", index)
            if self.chance.happens(draw, 1, "an outage"):
                kind = OUTAGES[int(draw.fate * len(OUTAGES))]
                begins = START_US + round(draw.pace * 1200 * MICROSECONDS)
                length = round(draw.size * self.profile.outage_seconds * MICROSECONDS)
                found.append(Outage(kind[0], begins, begins + length, *kind[1:]))
        for index in range(self.profile.throttled_tables):
            draw = self.chance.at("table", index)
            if self.chance.happens(draw, 1, "a table throttles"):
                begins = START_US + round(draw.pace * 1800 * MICROSECONDS)
                length = round(draw.size * 120 * MICROSECONDS)
                table = ("TaskTable", "RateTable", "RateTable", "CohortTable")[int(draw.fate * 4)]
                found.append(
                    Outage(
                        "UpdateItem",
                        begins,
                        begins + length,
                        "ThrottlingException",
                        400,
                        applies=partial(is_of, table),
                    )
                )
        return found

    # ------------------------------------------------------------------ a cohort
    def _cohort(self) -> None:
        draw = self.chance.at("sheet", 0)
        self.cohort.samples = 2 + int(draw.size * 6)
        rows = "\n".join(f"sample{index},x" for index in range(self.cohort.samples))
        sheet = {"inline": f"sample,reads\n{rows}\n", "format": "csv"}
        request = {"cohort": COHORT, "workflowArn": WORKFLOW, "sheet": sheet}
        launched = draw.pace * 300
        self._at(launched, self._ask, request, 0)
        plans = [
            ("cancel", self._cancel, 1.5),
            ("retry", self._retry, 6.0),
            ("cancel-again", self._cancel, 10.0),
        ]
        for name, act, scale in plans:
            if self._is_there(name, 0, 0.6):
                when = self.chance.at(f"when {name}", 0)
                self._at(launched + when.size**3 * 200 * scale + 0.5, act, name)
        # whatever happened, somebody launches the sheet once more in the end, and retries what failed
        self._at(4000, self._ask, request, 1)

    def _ask(self, request: Mapping[str, Any], number: int) -> None:
        assert self._stack is not None
        world = self._stack.world
        world.say(f"a person asks to start samples: {request.get('only', 'all')}")
        self.cohort.launched.append(world.now)
        name = f"{request.get('only', 'launch')}-{number}-{world.now}"
        self._stack.step_functions.start(COHORTS, name, json.dumps(request))

    def _retry(self, _: str) -> None:
        draw = self.chance.at("retry's start", 0)
        self._ask({"cohort": COHORT, "only": "failed", "fromStart": draw.fate < FROM_START}, 0)

    def _cancel(self, _: str) -> None:
        assert self._stack is not None
        world = self._stack.world
        cancel(self._stack, COHORT, lambda: self.cohort.cancelled.append(world.now))


def is_spoilt(request: Mapping[str, Any]) -> bool:
    """Whether a write is of a spoilt task's item."""
    key = request["Key"].get("taskToken", {"S": ""})["S"]
    return bool(key) and int(key, 16) % SPOILT == 0


def is_of(table: str, request: Mapping[str, Any]) -> bool:
    """Whether a call is of a table."""
    return bool(request.get("TableName") == table)
