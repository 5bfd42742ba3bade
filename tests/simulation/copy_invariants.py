"""What must hold of jobs whose submission went wrong: who can know of them does, and ends copies."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from sluice.tasks.model import task_key
from sluice.tasks.submission import submitting_seconds
from tests.simulation.invariants import COPY, LEFT_COPY, NEEDLESS, UNKNOWN, Violation, task_item
from tests.simulation.kernel.world import MICROSECONDS, Actor, Process, current
from tests.simulation.watching import WatchingJudge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.simulation.aws.batch import Job

STOP_SECONDS: Final = 60
"""How long a copy may go on after it was noticed: a slot of TerminateJobs, a slow call, the job's own end."""

SETTLE_SECONDS: Final = 7
"""A job that ListJobs shows so soon after its answer was lost is found by who waited for the answer."""

KNOWN_SECONDS: Final = 120
"""How soon the id of such a job is noted: two look-ups, the next job of the task, and spare."""


@dataclass
class CopyJudge(WatchingJudge):
    """Watches what becomes of jobs whose answers were lost, and of copies.

    A process that is killed before it could act is excused, and one that stands still may do so afterwards.
    A job whose answer was lost, and that no list showed when it was submitted again, nobody could know of.

    Attributes:
        calls: when a thread last called SubmitJob.
        failed: when a thread's ListJobs last failed.
        submitted: the ids of jobs that a thread got from SubmitJob, by their tasks and names.
        answered: the ids of all jobs that anybody got from SubmitJob.
    """

    calls: dict[Actor, int] = field(default_factory=dict)
    failed: dict[Actor, int] = field(default_factory=dict)
    submitted: dict[Actor, dict[tuple[str, str], str]] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)

    def verdict(self) -> list[Violation]:
        """All that did not hold."""
        by_name: dict[tuple[str, str], list[Job]] = defaultdict(list)
        for job in self.stack.batch.jobs.values():
            by_name[job.token, job.task_job].append(job)
        for (token, name), jobs in by_name.items():
            if len(jobs) > 1:
                named = COPY if self.stack.profile.copies or self._were_unknown(jobs) else NEEDLESS
                self._find(named, f"{name} of {token}: {', '.join(job.job_id for job in jobs)}")
        return super().verdict()

    def _were_unknown(self, jobs: Sequence[Job]) -> bool:
        return all(
            job.job_id.partition(":")[0] not in self.answered and job.shown > following.created
            for job, following in pairwise(jobs)
        )

    def _called(self, operation: str, _: Mapping[str, Any], __: Process) -> None:
        if operation == "SubmitJob":
            self.calls[current()] = self.stack.world.now

    def _heard(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        if "jobDefinition" in request:
            self._heard_of_submission(request, answer)
        elif "filters" in request:
            self._heard_of_list(answer)
        elif request.get("TableName") == "TaskTable" and "Attributes" in answer:
            self._heard_of_task(answer["Attributes"])

    def _heard_of_submission(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        own = request["parameters"]
        self.answered.add(answer.get("jobId", ""))
        if "taskArray" in own:
            return
        if "jobId" in answer:
            self.submitted.setdefault(current(), {})[own["taskKey"], own["taskJob"]] = answer["jobId"]
            return
        now = self.stack.world.now
        looked_us = now + SETTLE_SECONDS * MICROSECONDS
        if looked_us > self._owned_until_us(own["taskKey"]):
            return  # the answer came so late that the look-up is the next owner's
        for job in self.stack.batch.by_name.get(request["jobName"].lower(), ()):
            is_its = job.created >= self.calls[current()]
            if is_its and job.shown <= looked_us:
                thread = current()
                self._later(KNOWN_SECONDS, partial(self._judge_known, job, thread, now))

    def _owned_until_us(self, key: str) -> float:
        """Until when a task's owner may submit and look up its jobs, before the next one comes."""
        item = self.stack.tables["TaskTable"].items.get((key,))
        if item is None:
            return math.inf  # nobody else knows of it
        seconds = submitting_seconds(int(self.stack.environment["TAKEOVER_SECONDS"]))
        return int(item["heartbeatAt"]["N"]) * 1000 + seconds * MICROSECONDS

    def _heard_of_list(self, answer: Mapping[str, Any]) -> None:
        if "jobSummaryList" not in answer:
            self.failed[current()] = self.stack.world.now
            return
        by_name: dict[str, list[Job]] = {}
        for each in answer["jobSummaryList"]:
            job = self.stack.batch.jobs.get(each["jobId"])
            if job is not None and not job.ended:
                by_name.setdefault(each["jobName"], []).append(job)
        for jobs in by_name.values():
            if len(jobs) > 1:
                self._later(STOP_SECONDS, partial(self._judge_copies, jobs, 1))

    def _heard_of_task(self, item: Mapping[str, Any]) -> None:
        for (key, name), job_id in self.submitted.get(current(), {}).items():
            if item["taskToken"]["S"] != key:  # of another task, or of an array, which has no jobs of its own
                continue
            noted = item["jobs"]["M"].get(name, {"M": {}})["M"].get("jobId", {"S": job_id})["S"]
            if noted != job_id:
                copy = self.stack.batch.jobs[job_id]
                self._later(STOP_SECONDS, partial(self._judge_copies, [copy], 0))

    def _later(self, seconds: float, judge: Callable[[], None]) -> None:
        """Judges what a process has done so many seconds later, for all of which it was not held up."""
        process, world = current().process, self.stack.world

        def look(begun: int) -> None:
            if process.frozen_until > begun:
                wait(process.frozen_until)
            elif not process.dead:
                judge()

        def wait(begun: int) -> None:
            world.at(begun + round(seconds * MICROSECONDS), look, begun)

        wait(world.now)

    def _judge_copies(self, jobs: Sequence[Job], most: int) -> None:
        running = [job.job_id for job in jobs if not job.ended]
        if len(running) > most:
            self._find(LEFT_COPY, f"{', '.join(running)} of {jobs[0].token}")

    def _judge_known(self, job: Job, thread: Actor, begun: int) -> None:
        item = task_item(self.stack, job.token)
        if item is None:
            return  # a job without an intent is judged elsewhere
        is_noted = "jobId" in item["jobs"]["M"][job.task_job]["M"]
        is_excused = (
            self.failed.get(thread, 0) > begun
            or thread.process.frozen_until > begun
            or self._was_unwritable(task_key(job.token), begun)
        )
        if not is_noted and item["state"]["S"] == "OPEN" and not is_excused:
            self._find(UNKNOWN, f"{job.job_id}, {job.task_job} of {job.token}")

    def _was_unwritable(self, key: str, since: int) -> bool:
        """Whether a task's item could not be written at a time since then."""
        write = {"TableName": "TaskTable", "Key": {"taskToken": {"S": key}}}
        return any(
            each.operation == "UpdateItem" and each.ends > since and each.applies(write)
            for each in self.stack.plan.outages
            if each.begins <= self.stack.world.now
        )
