"""What must hold of news: it comes soon after a task's last job, and whoever has heard it submits no more."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sluice.aws.tables.task_store import OPEN_BY_EXECUTION
from sluice.tasks.model import task_key
from tests.simulation.invariants import LATE_NEWS, UNHEEDED
from tests.simulation.kernel.world import MICROSECONDS, Actor, Process, current
from tests.simulation.watching import WatchingJudge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.aws.batch import Job
    from tests.simulation.aws.stepfunctions import ActivityTask

NEWS_SECONDS: Final = 420
"""How long after the last of its jobs a task may be told of: an event's way, and all of a function's time."""

REDELIVERY_SECONDS: Final = 360
"""JobEventsQueue's VisibilityTimeout."""

FAILURES: Final = 4
"""So many times in a row a function may fail at a record in a round in which calls fail at random."""


ARRAY_SECONDS: Final = 720
"""How long after an array's end its children are asked about: a minute, two heartbeats, and spare."""


@dataclass
class NewsJudge(WatchingJudge):
    """Watches what is heard of tasks, and when.

    Attributes:
        ended: threads, and tasks of whose end they were shown.
        listed: the open tasks of an execution's state, as a thread saw them before it began to submit one.
    """

    ended: set[tuple[Actor, str]] = field(default_factory=set)
    listed: dict[Actor, set[str]] = field(default_factory=dict)

    def begin(self) -> None:
        """Starts to watch."""
        super().begin()
        profile = self.stack.profile
        if profile.arrays or not profile.lost:  # what was lost is asked about hours later, else
            self.stack.step_functions.on_outcome.append(self._told)

    def _heard(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Remembers which threads were shown the item of a task that has ended."""
        if request.get("IndexName") == OPEN_BY_EXECUTION:
            self._begun(request, answer)
        item = answer.get("Attributes") or answer.get("Item")
        is_task = item and request.get("TableName") == "TaskTable" and "state" in item  # else it is an array
        if item and is_task and item["state"]["S"] != "OPEN":
            self.ended.add((current(), item["taskToken"]["S"]))

    def _begun(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Lets a thread that begins to submit a task forget what it heard while it worked for another one.

        It looked then at that one's neighbours, to end earlier tries. If it is given such a neighbour itself
        afterwards, it goes by the neighbour's own record, as any other thread would.
        """
        thread = current()
        if "ExclusiveStartKey" not in request:  # else it is the next page
            self.ended -= {(thread, key) for key in self.listed.pop(thread, ())}
        keys = {entry["taskToken"]["S"] for entry in answer.get("Items", ())}
        self.listed.setdefault(thread, set()).update(keys)

    def _called(self, operation: str, request: Mapping[str, Any], process: Process) -> None:
        if operation == "SubmitJob":
            for key in self.stack.keys_of(request["parameters"]):
                if (current(), key) in self.ended:
                    self._find(UNHEEDED, f"{request['jobName']} of {key} by {process.name}")

    def _told(self, task: ActivityTask, error: str | None, text: str) -> None:
        ends = self._ends(task, error, json.loads(text))
        if not ends or None in ends:
            return
        late = (self.stack.world.now - max(end or 0 for end in ends)) / MICROSECONDS
        bound = NEWS_SECONDS + self._grace(task)
        if late > bound:
            self._find(
                LATE_NEWS, f"{task.token} is told of {late:.0f} s after its jobs; {bound:.0f} s at most"
            )

    def _ends(self, task: ActivityTask, error: str | None, said: Mapping[str, Any]) -> list[int | None]:
        """When those jobs ended that decided about a task."""
        jobs = self.stack.batch.jobs
        if error is None:
            ids = [each["jobId"] for each in said["jobs"].values()]
            return [self._heard_of(jobs[job_id]) for job_id in ids if job_id in jobs]
        if not error.startswith("Job.") or said.get("jobId") not in jobs:
            return []
        if json.loads(task.input)["failFast"]:
            return [self._heard_of(jobs[said["jobId"]])]
        return [self._heard_of(job) for job in jobs.values() if job.token == task.token]

    def _heard_of(self, job: Job) -> int | None:
        """From when on the end of a job can be known: from its event, or soon after the end of its array."""
        told, parent = self.stack.bus.told, job.job_id.partition(":")[0]
        if job.job_id in told:
            return job.stopped
        ended = self.stack.batch.shared[parent].stopped if job.index is not None else None
        return ended + ARRAY_SECONDS * MICROSECONDS if parent in told and ended else None

    def _grace(self, task: ActivityTask) -> float:
        """What the troubles of a round, as far as they concern a task, may add."""
        profile = self.stack.profile
        item = {"TableName": "TaskTable", "Key": {"taskToken": {"S": task_key(task.token)}}}
        outages = [
            each.ends - each.begins
            for each in self.stack.plan.outages
            if each.operation != "UpdateItem" or each.applies(item)
        ]
        grace = 2 * max(outages, default=0) / MICROSECONDS + (REDELIVERY_SECONDS if outages else 0)
        grace += profile.delay_seconds + 2 * profile.list_lag
        if profile.is_troubled:
            grace += REDELIVERY_SECONDS * FAILURES + profile.pause_seconds
        return grace
