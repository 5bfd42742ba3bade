"""Directed scenarios at the template's default sizes: what shows only where there is much of it.

What is not named healthy or late in an execution's name is there to be in the way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from tests.simulation.aws.batch import Fate, Job
from tests.simulation.aws.stepfunctions import Execution
from tests.simulation.aws.workflows import State
from tests.simulation.client import DENIED, Outage
from tests.simulation.kernel.world import MICROSECONDS, START_US
from tests.simulation.person import cancel
from tests.simulation.profiles import CALM
from tests.simulation.stack import COHORTS, QUEUE, WORKFLOW, Stack
from tests.simulation.workload import DENIAL, is_of, is_spoilt

Fates = Callable[[str, Mapping[str, Any], float], Fate]

QUIET: Final = replace(CALM, slow=0, doubled=0, delayed=0, stops=0, cohorts=0)
HOUR: Final = 3600


def jobs(number: int, **fields: Any) -> dict[str, Any]:
    """A task's jobs."""
    shared = {"jobQueue": QUEUE, "jobDefinition": "definition"} | fields
    return {"jobs": [{"jobName": f"job{index}", **shared} for index in range(number)]}


@dataclass
class Scenario:
    """A directed scenario.

    Attributes:
        about: one line.
        states: what an execution does, by the first word of its name; a function makes it of the execution.
        fate: what becomes of a job, by the same word, its request and the time.
        begin: starts what is to be started.
        hours: after which it is judged, at the latest.
        outages: what fails, and when (seconds after the beginning).
        given: parameters that differ from the template's.
        submits_per_second: what Batch allows.
    """

    about: str
    states: Mapping[str, State | Callable[[Execution], State]]
    fate: Fates
    begin: Callable[[Stack], None]
    hours: float = 6
    outages: list[Outage] = field(default_factory=list)
    given: Mapping[str, Any] = field(default_factory=dict)
    extra: Callable[[Stack], list[str]] = lambda _: []
    submits_per_second: float = 50


def word_of(execution: Execution) -> str:
    """The first word of an execution's name, which says what it does."""
    return re.split(r"[-.]", execution.name)[0]


def start(stack: Stack, word: str, number: int, after: float = 0, spread: float = 5) -> None:
    """Starts so many executions, evenly spread over some seconds."""
    for index in range(number):
        at = after + spread * index / number
        stack.world.after(at, stack.step_functions.start, WORKFLOW, f"{word}-{index:04d}", "{}")


def stop(stack: Stack, word: str, after: float) -> None:
    """Stops all executions of a word at once."""

    def act() -> None:
        for execution in list(stack.step_functions.executions.values()):
            if execution.name.startswith(f"{word}-"):
                stack.step_functions.end(execution, "ABORTED")

    stack.world.after(after, act)


def outage(operation: str, begins: float, seconds: float, code: str, status: int, **kinds: Any) -> Outage:
    """A time in which an operation gets one answer."""
    at = START_US + round(begins * MICROSECONDS)
    return Outage(operation, at, at + round(seconds * MICROSECONDS), code, status, **kinds)


def poisoned(request: Mapping[str, Any]) -> bool:
    """Whether a submission is of those that Batch never takes."""
    return bool(request["jobDefinition"] == "poison")


def _stopped(stack: Stack) -> None:
    start(stack, "good", 300)
    start(stack, "stopped", 1000, after=5, spread=20)
    stop(stack, "stopped", after=900)


def _failing(stack: Stack) -> None:
    start(stack, "good", 300, spread=60)
    start(stack, "failing", 300, spread=60)


def _beside(word: str) -> Callable[[Stack], None]:
    def begin(stack: Stack) -> None:
        start(stack, word, 300, spread=20)
        start(stack, "good", 300, spread=20)

    return begin


def _unlisted(stack: Stack) -> None:
    start(stack, "poison", 40)
    start(stack, "good", 20)


def _healthy(number: int, also: int = 0) -> Callable[[Stack], None]:
    def begin(stack: Stack) -> None:
        start(stack, "good", number, spread=20)
        start(stack, "late", also, after=300, spread=600)

    return begin


def _lost_item(stack: Stack) -> None:
    """A slot of a thousand links whose item is gone, and then work."""
    machine = stack.environment["POLLER_ARN"]
    for number in range(1000):
        link = Execution(f"{machine}:slot-0-{number}", f"slot-0-{number}", machine, "{}", START_US - HOUR)
        link.arn = link.arn.replace(":stateMachine:", ":execution:")
        link.status, link.stopped = "SUCCEEDED", START_US - HOUR
        stack.step_functions.executions[link.arn] = link
    start(stack, "good", 20)


def _blocked_polls(stack: Stack) -> None:
    """Polls of pollers that were woken for nothing are blocked, then tasks come that no event announces."""
    stack.bus.rules = [
        replace(rule, targets=[each for each in rule.targets if each[0].name != "WakeUpsQueue"])
        for rule in stack.bus.rules
    ]
    woken: dict[str, Any] = {"Records": []}
    stack.world.after(5, stack.functions["EnsurePollersFunction"].invoke, woken, lambda *_: None)
    stack.world.after(20, stack.step_functions.block_polls)
    start(stack, "good", 100, after=21, spread=1)


ALIKE: Final = 3000
QUOTA: Final = 10.0
SAMPLES: Final = 2000
CANCELLED_AFTER: Final = 5.0
RETRIED_AFTER: Final = 8.0


def _cancelled_launch(stack: Stack) -> None:
    """A launch of a cohort, a cancel within it, and a retry seconds later."""
    rows = "\n".join(f"s{index:04d},x" for index in range(SAMPLES))
    sheet = {"inline": f"sample,reads\n{rows}\n", "format": "csv"}
    request = {"cohort": "big", "workflowArn": WORKFLOW, "sheet": sheet}
    stack.step_functions.start(COHORTS, "launch", json.dumps(request))
    stack.world.after(CANCELLED_AFTER, cancel, stack, "big", lambda: None)
    retry = json.dumps({"cohort": "big", "only": "failed"})
    stack.world.after(RETRIED_AFTER, stack.step_functions.start, COHORTS, "retry", retry)


def _after_the_cancel(stack: Stack) -> list[str]:
    late = [
        (each.started - START_US) / MICROSECONDS - CANCELLED_AFTER
        for each in stack.step_functions.executions.values()
        if each.name.startswith("big.1.") and each.started > START_US + (CANCELLED_AFTER + 1) * MICROSECONDS
    ]
    said = f"{len(late):,}, the last after {max(late, default=0):.0f} s"
    return [f"  samples that the cancelled launch started more than a second after the cancel: {said}"]


def _alike(stack: Stack) -> None:
    start(stack, "good", ALIKE, spread=2)
    start(stack, "late", 600, after=1200, spread=120)


def _rate_in_backlog(stack: Stack) -> list[str]:
    """How fast jobs were submitted in the backlog, and how soon where there is none."""
    jobs_of: dict[str, list[Job]] = {"good": [], "late": []}
    for job in stack.batch.jobs.values():
        jobs_of[word_of(stack.step_functions.tasks[job.token].execution)].append(job)
    created = sorted(job.created for job in jobs_of["good"])
    seconds = (created[-1] - created[0]) / MICROSECONDS
    delays = sorted(
        (job.created - stack.step_functions.tasks[job.token].scheduled) / MICROSECONDS
        for job in jobs_of["late"]
    )
    return [
        (
            f"  in the backlog {len(created):,} jobs were submitted in {seconds:.0f} s,"
            f" {len(created) / seconds / QUOTA:.2f} times the quota; HTTP 429: {stack.batch.throttled}"
        ),
        (
            f"  without one a job was submitted after p50 {delays[len(delays) // 2]:.2f} s,"
            f" p99 {delays[len(delays) * 99 // 100]:.2f} s; SubmitJob calls in all:"
            f" {stack.world.calls['SubmitJob']:,}"
        ),
    ]


def _alike_state(*, vary: bool) -> Callable[[Execution], State]:
    def state(execution: Execution) -> State:
        fields = {"jobDefinition": "definition:1", "parameters": {"sample": execution.name}}
        return State("work", (jobs(1, **fields) | ({"vary": ["sample"]} if vary else {}),))

    return state


def _by_word(seconds: Mapping[str, float], failing: str = "") -> Fates:
    def fate(word: str, request: Mapping[str, Any], _: float) -> Fate:
        if word == failing and request["parameters"]["taskJob"] == "job0":
            return Fate(40, exit_code=1)
        return Fate(seconds[word])

    return fate


def _all_at(seconds: float, failing: str) -> Fates:
    """Jobs that end, and first jobs of those that fail, at one time."""

    def fate(word: str, request: Mapping[str, Any], now: float) -> Fate:
        if word != failing:
            return Fate(seconds - now)
        if request["parameters"]["taskJob"] == "job0":
            return Fate(seconds - now, exit_code=1)
        return Fate(4 * HOUR)

    return fate


SMALL: Final = State("work", (jobs(1),))
BROAD: Final = State("work", (jobs(22),))

SCENARIOS: Final[dict[str, Scenario]] = {
    "stopped": Scenario(
        "1,000 workflows of 22 running jobs are stopped at once beside 300 healthy ones of 22 jobs",
        {"good": BROAD, "stopped": BROAD},
        _by_word({"good": 2 * HOUR, "stopped": 10 * HOUR}),
        _stopped,
        hours=8,
    ),
    "failing": Scenario(
        "300 tasks of 22 jobs fail fast beside 300 good ones of one job",
        {"good": SMALL, "failing": BROAD},
        _by_word({"good": 200, "failing": 4 * HOUR}, failing="failing"),
        _failing,
    ),
    "storm": Scenario(
        "300 tasks of 22 jobs fail fast as 300 good ones end, and TerminateJobs answers 429",
        {"good": SMALL, "failing": BROAD},
        _all_at(600, failing="failing"),
        _failing,
        hours=2,
        outages=[outage("TerminateJobs", 0, HOUR, "TooManyRequestsException", 429)],
    ),
    "poison": Scenario(
        "300 tasks whose SubmitJob is always answered 500 beside 300 good ones",
        {"good": SMALL, "poison": State("work", (jobs(1, jobDefinition="poison"),))},
        _by_word({"good": 30, "poison": 30}),
        _beside("poison"),
        hours=3,
        outages=[outage("SubmitJob", 0, 30 * HOUR, "InternalServerError", 500, applies=poisoned)],
    ),
    "forbidden": Scenario(
        "300 tasks whose SubmitJob IAM always denies beside 300 good ones",
        {"good": SMALL, "poison": State("work", (jobs(1, jobDefinition="poison"),))},
        _by_word({"good": 30, "poison": 30}),
        _beside("poison"),
        hours=1,
        outages=[outage("SubmitJob", 0, 30 * HOUR, DENIED, 403, message=DENIAL, applies=poisoned)],
    ),
    "throttled": Scenario(
        "an hour in which SubmitJob answers 429, 400 healthy tasks run, 1,000 more come",
        {"good": SMALL, "late": SMALL},
        _by_word({"good": 3 * HOUR, "late": 600}),
        _healthy(400, 1000),
        outages=[outage("SubmitJob", 240, HOUR, "TooManyRequestsException", 429)],
    ),
    "failing-batch": Scenario(
        "forty minutes in which SubmitJob answers 500, 300 healthy tasks run, 1,000 more come",
        {"good": SMALL, "late": SMALL},
        _by_word({"good": 3 * HOUR, "late": 600}),
        _healthy(300, 1000),
        outages=[outage("SubmitJob", 240, 2400, "InternalServerError", 500)],
    ),
    "unlisted": Scenario(
        "40 tasks that Batch never takes have to be looked up while ListJobs answers 429 for two hours,"
        " by a reconciler of one thread that has 20 healthy ones too",
        {"good": SMALL, "poison": State("work", (jobs(1, jobDefinition="poison"),))},
        _by_word({"good": 3 * HOUR, "poison": 30}),
        _unlisted,
        outages=[
            outage("SubmitJob", 0, 30 * HOUR, "InternalServerError", 500, applies=poisoned),
            outage("ListJobs", 0, 2 * HOUR, "TooManyRequestsException", 429),
        ],
        given={"RECONCILER_THREADS": "1"},
    ),
    "spoilt": Scenario(
        "an hour in which no write to every third of 900 healthy tasks' items comes through",
        {"good": SMALL},
        _by_word({"good": 3 * HOUR}),
        lambda stack: start(stack, "good", 900, spread=60),
        outages=[outage("UpdateItem", 240, HOUR, "ThrottlingException", 400, applies=is_spoilt)],
    ),
    "unclaimed": Scenario(
        "an hour in which no write to every third of 900 healthy tasks' items comes through,"
        " and a run has no time for the heartbeats of so many",
        {"good": SMALL},
        _by_word({"good": 3 * HOUR}),
        lambda stack: start(stack, "good", 900, spread=60),
        outages=[outage("UpdateItem", 240, HOUR, "ThrottlingException", 400, applies=is_spoilt)],
        given={"HEARTBEAT_RATE_PER_SECOND": "4"},
    ),
    "unwritten": Scenario(
        "200 s in which the task table takes no intents while 600 healthy workflows start",
        {"good": SMALL},
        _by_word({"good": HOUR}),
        lambda stack: start(stack, "good", 600, spread=20),
        outages=[outage("PutItem", 2, 200, "ThrottlingException", 400, applies=partial(is_of, "TaskTable"))],
    ),
    "denied": Scenario(
        "200 s in which IAM denies intents to the task table while 600 healthy workflows start",
        {"good": SMALL},
        _by_word({"good": HOUR}),
        lambda stack: start(stack, "good", 600, spread=20),
        outages=[
            outage("PutItem", 2, 200, "AccessDeniedException", 400, applies=partial(is_of, "TaskTable"))
        ],
    ),
    "expired": Scenario(
        "SubmitJob answers ExpiredToken for 30 s while 600 workflows are submitted",
        {"good": SMALL},
        _by_word({"good": 60}),
        lambda stack: start(stack, "good", 600, spread=60),
        outages=[outage("SubmitJob", 20, 30, "ExpiredTokenException", 403)],
    ),
    "lost-item": Scenario(
        "a slot's rate item is lost after 1,000 links, and 20 workflows start",
        {"good": SMALL},
        _by_word({"good": 60}),
        _lost_item,
        hours=3,
    ),
    "blocked-polls": Scenario(
        "50 polls are blocked for a minute when 100 tasks come that no event announces",
        {"good": SMALL},
        _by_word({"good": 60}),
        _blocked_polls,
        hours=3,
    ),
    "alone": Scenario(
        "3,000 tasks of one job come in 2 s where Batch allows 10 SubmitJob a second, each submitted alone;"
        " 600 more come later, 5 a second",
        {"good": _alike_state(vary=False), "late": _alike_state(vary=False)},
        _by_word({"good": 600, "late": 600}),
        _alike,
        given={"SubmitRatePerSecond": 0.98 * QUOTA},
        extra=_rate_in_backlog,
        submits_per_second=QUOTA,
    ),
    "arrays": Scenario(
        "the same, and the tasks say what varies",
        {"good": _alike_state(vary=True), "late": _alike_state(vary=True)},
        _by_word({"good": 600, "late": 600}),
        _alike,
        given={"SubmitRatePerSecond": 0.98 * QUOTA},
        extra=_rate_in_backlog,
        submits_per_second=QUOTA,
    ),
    "cancel-launch": Scenario(
        "a launch of 2,000 samples, throttled at first, is cancelled after 5 s and retried 3 s later",
        {"big": SMALL},
        _by_word({"big": 60}),
        _cancelled_launch,
        outages=[outage("StartExecution", 0, 4, "ThrottlingException", 400)],
        extra=_after_the_cancel,
    ),
}
