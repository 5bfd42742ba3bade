"""What must hold, whatever happened: judged by what the services know, not by what Sluice says."""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sluice.rate.gcra import Limit
from sluice.tasks.model import task_key
from sluice.tasks.submission import FORM
from tests.simulation.client import DENIED
from tests.simulation.kernel.world import MICROSECONDS, Process
from tests.simulation.open_things import open_things

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.aws.batch import Job
    from tests.simulation.aws.stepfunctions import ActivityTask
    from tests.simulation.stack import Stack

OUTCOME: Final = "an outcome is false"
COPY: Final = "a job was submitted twice"
OVERLAP: Final = "two tries of a job ran at once"
ORPHAN: Final = "a job runs for nobody"
OPEN: Final = "something is open for ever"
RATE: Final = "the rate is exceeded"
LINKS: Final = "two links of a slot are at work"
COUNTS: Final = "a cohort's counts are wrong"
STARTS: Final = "a sample starts wrongly"
ENDLESS: Final = "a call is made without end"
LATE: Final = "a job is submitted for a task that has ended"
STARVED: Final = "a healthy task timed out"
CRASHED: Final = "a function fails by itself"
NEEDLESS: Final = "a job was submitted twice, though its name could be found"
UNHEEDED: Final = "a job is submitted by who heard that its task has ended"
LATE_NEWS: Final = "news of a task's end comes late"
STALE: Final = "a job is submitted on an old look at its task"
ANOTHERS: Final = "a job is submitted by who heard that its task is another's"
LEFT_COPY: Final = "a copy of a job goes on, though it was noticed"
UNKNOWN: Final = "a job whose answer was lost stays unknown"

UNWATCHED: Final = "UnwatchedQueue"
"""A queue of Batch's that is none of the stack's."""

HEARD: Final = ("told", "stopped")
"""Ends of tasks of which Sluice is told; of others it hears by the next heartbeat."""

COPIES: Final = (COPY, OVERLAP)
"""A class of its own: SubmitJob has no client token, so that no client of Batch can rule it out."""

ORPHAN_SECONDS: Final = 1500
"""How long after the end of its task a job may go on: a heartbeat, a takeover, a lagging list, and spare."""

LATE_SECONDS: Final = 90
"""How long after the end of its task a job may be submitted: an event, the next note of ids, a slot."""

MOST_SUBMISSIONS: Final = 40
"""SubmitJob calls for one job: far more than any profile of short troubles needs."""


def task_item(stack: Stack, token: str) -> Mapping[str, Any] | None:
    """The item of a task, None if its intent was never written."""
    found: Mapping[str, Any] | None = stack.tables["TaskTable"].items.get((task_key(token),))
    return found


@dataclass(frozen=True)
class Violation:
    """What did not hold, and what of."""

    invariant: str
    about: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.about}"


@dataclass
class Judge:
    """Watches a round and judges it at its end."""

    stack: Stack
    healthy_may_starve: bool = False
    outcomes: list[tuple[ActivityTask, str | None, str, int]] = field(default_factory=list)
    found: list[Violation] = field(default_factory=list)
    submissions: Counter[str] = field(default_factory=Counter)
    sent: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    refused: set[str] = field(default_factory=set)
    nobody_can_say: bool = False
    """The rule that says which queues are watched could not be read: nothing is refused then."""

    def begin(self) -> None:
        """Starts to watch."""
        self.stack.step_functions.on_outcome.append(self._told)
        self.stack.watchers.append(self._called)
        self.stack.network.hearers.append(self._heard)

    def verdict(self) -> list[Violation]:
        """All that did not hold, each kind and case once."""
        self._judge_jobs()
        self._judge_tasks()
        self._judge_states()
        self._judge_open()
        self._judge_rates()
        for name, number in self.submissions.items():
            if number > MOST_SUBMISSIONS:
                self._find(ENDLESS, f"SubmitJob for {name}, {number} times")
        for function in self.stack.functions.values():
            for mistake in function.mistakes:
                self._find(CRASHED, mistake)
        for wrong in self.stack.wrong_rows:
            self._find(OUTCOME, wrong)
        for fork in self.stack.poller.forks:
            self._find(LINKS, fork)
        return list(dict.fromkeys(self.found))

    def _find(self, invariant: str, about: str) -> None:
        self.found.append(Violation(invariant, about))
        self.stack.world.say(f"VIOLATION: {invariant}: {about}")

    def jobs_of(self, token: str) -> dict[str, list[Job]]:
        """The jobs that were submitted for a task, by their names in it."""
        found: dict[str, list[Job]] = defaultdict(list)
        for job in self.stack.batch.jobs.values():
            if job.token == token:
                found[job.task_job].append(job)
        return found

    def _called(self, operation: str, request: Mapping[str, Any], _: Process) -> None:
        if operation in LIMITED:
            self.sent[operation].append(self.stack.world.now)
        if operation == "SubmitJob" and not self._is_throttled():
            self.submissions[request["jobName"]] += 1

    def _heard(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        is_of_rule = request.keys() == {"Name"}
        self.nobody_can_say = self.nobody_can_say or (is_of_rule and "EventPattern" not in answer)

    def _is_throttled(self) -> bool:
        """A 429 has no effect and costs no look-up: what meets it waits for the shared rate."""
        now = self.stack.world.now
        outages = (each for each in self.stack.plan.outages if each.operation == "SubmitJob")
        return any(each.status == 429 and each.begins <= now < each.ends for each in outages)

    def _told(self, task: ActivityTask, error: str | None, text: str) -> None:
        self.outcomes.append((task, error, text, self.stack.world.now))
        names = [job["jobName"] for job in json.loads(task.input)["jobs"]]
        said = json.loads(text)
        jobs = self.stack.batch.jobs
        if _is_bad(task) and not self.nobody_can_say and error not in ("Task.Rejected", "Task.Invalid"):
            self._find(OUTCOME, f"{task.token} was submitted, though it asks for what it must not")
        if error is None:
            for name in names:
                job = jobs.get(said["jobs"][name]["jobId"])
                if job is None or job.status != "SUCCEEDED" or job.token != task.token:
                    self._find(OUTCOME, f"{task.token} succeeded, though {name} is {job and job.status}")
        elif error.startswith("Job."):
            job = jobs.get(said.get("jobId") or "")
            if job is None or job.status != "FAILED" or job.token != task.token:
                self._find(
                    OUTCOME, f"{task.token} failed with {error}, though its job is {job and job.status}"
                )
        elif error not in ("Task.Rejected", "Task.Invalid"):
            self._find(OUTCOME, f"{task.token} failed with {error}")
        elif task.token not in self.refused and not self._may_be_refused(task):
            self._find(OUTCOME, f"{task.token} failed with {error}, and its jobs are good: {said}")

    def _may_be_refused(self, task: ActivityTask) -> bool:
        bad = any(
            outage.status >= 400 and outage.code != DENIED  # a permission that comes soon refuses nothing
            for outage in self.stack.plan.outages
            if outage.operation == "SubmitJob"
        )
        return (
            bad or _is_bad(task) or any("gone" in job["jobQueue"] for job in json.loads(task.input)["jobs"])
        )

    def _judge_jobs(self) -> None:
        by_place: dict[tuple[str, str, str], list[Job]] = defaultdict(list)
        tasks = self.stack.step_functions.tasks
        for job in self.stack.batch.jobs.values():
            task = tasks[job.token]
            place = f"{task.execution.name}/{task.state}/{task.number}"
            by_place[place, job.task_job, ""].append(job)
        for (place, name, _), jobs in by_place.items():
            if len({job.token for job in jobs}) > 1:
                self._judge_overlap(place, name, jobs)
        for job in self.stack.batch.jobs.values():
            self._judge_orphan(job, tasks[job.token])

    def _judge_overlap(self, place: str, name: str, jobs: list[Job]) -> None:
        ran = sorted((job for job in jobs if job.started is not None), key=lambda job: job.started or 0)
        for one, other in itertools.pairwise(ran):
            if one.token != other.token and (one.stopped is None or one.stopped > (other.started or 0)):
                both = (one.stopped or self.stack.world.now) - (other.started or 0)
                seconds = both / MICROSECONDS
                self._find(OVERLAP, f"{name} of {place}: {one.job_id}, {other.job_id}, for {seconds:.0f} s")

    def _judge_orphan(self, job: Job, task: ActivityTask) -> None:
        end = job.stopped or self.stack.world.now
        if task.over is None:
            return
        late = (job.created - task.over) / MICROSECONDS
        if task.how in HEARD and late > LATE_SECONDS + self.grace and not self._may_be_deaf(task):
            self._find(LATE, f"{job.job_id} of {task.token}, {late:.0f} s after its end")
        over = max(task.over, job.created)
        if (end - over) / MICROSECONDS > ORPHAN_SECONDS + self.grace and not self._is_unknown_copy(job):
            self._find(
                ORPHAN, f"{job.job_id} of {task.token} ran {(end - over) / MICROSECONDS:.0f} s after its task"
            )

    def _is_unknown_copy(self, job: Job) -> bool:
        """Whether nobody noted the job, as who submitted it died, or was not answered."""
        item = task_item(self.stack, job.token)
        if item is None or not self.stack.profile.copies:
            return False
        return bool(item["jobs"]["M"][job.task_job]["M"].get("jobId", {"S": ""})["S"] != job.job_id)

    @property
    def grace(self) -> float:
        """What a round's troubles may add to a bound."""
        profile = self.stack.profile
        outages = max((o.ends - o.begins for o in self.stack.plan.outages), default=0) / MICROSECONDS
        return (
            2 * outages
            + profile.list_lag * 2
            + profile.delay_seconds
            + (profile.pause_seconds if profile.paused else 0)
        )

    def _may_be_deaf(self, task: ActivityTask) -> bool:
        """Whether the next heartbeat has to tell.

        An event is lost, whoever hears of it dies, or it comes before the task's intent was written.
        """
        item = task_item(self.stack, task.token)
        came_first = item and task.over is not None and int(item["createdAt"]["N"]) * 1000 > task.over
        return bool(self.stack.profile.lost or self.stack.profile.killed or came_first)

    def _judge_tasks(self) -> None:
        for task in self.stack.step_functions.tasks.values():
            known = task_item(self.stack, task.token) is not None
            if task.how == "heartbeat" and known and not self.healthy_may_starve:
                self._find(STARVED, f"{task.token} of {task.execution.name}")

    def _judge_states(self) -> None:
        """A task's item says in the end what its workflow was told of its jobs."""
        for task, error, _, __ in self.outcomes:
            item = task_item(self.stack, task.token)
            state = item["state"]["S"] if item else "OPEN"
            told = "SUCCEEDED" if error is None else "FAILED" if error.startswith("Job.") else state
            if state not in (told, "OPEN"):
                self._find(OUTCOME, f"{task.token} is {state}, though its workflow heard that it {told}")

    def _judge_open(self) -> None:
        for line in open_things(self.stack):
            self._find(OPEN, line)

    def _judge_rates(self) -> None:
        environment = self.stack.environment
        slack = 1 + round(2 * self.stack.profile.skew)
        for operation, (rate_name, burst_name) in LIMITED.items():
            rate = float(environment[rate_name])
            burst = int(environment[burst_name]) if burst_name else max(2, int(rate))
            burst = max(2, Limit(rate, burst=burst).burst) * slack
            worst = _excess(self.sent[operation], rate)
            if worst > burst:
                self._find(RATE, f"{operation}: {worst:.1f} calls above {rate} a second, {burst} are allowed")


def _is_bad(task: ActivityTask) -> bool:
    """Whether a task asks for a queue that nobody watches, or for one of Sluice's own parameters."""
    jobs = json.loads(task.input)["jobs"]
    return any(job["jobQueue"] == UNWATCHED or FORM in job.get("parameters", {}) for job in jobs)


LIMITED: Final = {
    "SubmitJob": ("SUBMIT_RATE_PER_SECOND", "SUBMIT_BURST"),
    "ListJobs": ("OTHER_RATE_PER_SECOND", "SUBMIT_BURST"),
    "DescribeJobs": ("OTHER_RATE_PER_SECOND", "SUBMIT_BURST"),
    "TerminateJobs": ("OTHER_RATE_PER_SECOND", "SUBMIT_BURST"),
    "SendTaskHeartbeat": ("HEARTBEAT_RATE_PER_SECOND", ""),
}


def _excess(times: list[int], rate: float) -> float:
    """The most by which any interval holds more calls than rate * length."""
    level, last, worst = 0.0, 0, 0.0
    for at in times:
        level = max(0.0, level - (at - last) / MICROSECONDS * rate) + 1
        last, worst = at, max(worst, level)
    return worst
