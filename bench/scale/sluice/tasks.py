"""The open tasks of a simulated run, decided by Sluice's own modules, and the workflows behind them."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.cohort import JOBS_PER_SAMPLE
from bench.scale.ledger import History
from bench.scale.sluice.activity import ActivityQueue, QueuedTask
from bench.scale.sluice.parameters import Parameters
from bench.scale.world import World
from sluice.tasks import completion
from sluice.tasks.contract import parse_task
from sluice.tasks.model import JobRecord, TaskRecord, TaskState, task_key
from sluice.tasks.model import OpenTask as IndexEntry
from sluice.tasks.submission import submit_request

STEPS = ("align", "likelihoods", "impute")

TASK_EVENTS = 5  # TaskStateEntered, ActivityScheduled, ActivityStarted, ActivitySucceeded, TaskStateExited

INTENT_UNITS = 5
"""Write units of a task of one job: 2 for its item, which AWS's long tokens bring to between 1 and 2 KB,
and 1 for each of the three indexes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""
IDS_UNITS = 2
NOTE_UNITS = 2
CLOSE_UNITS = 4  # the item, and out of the two indexes of open tasks


@dataclass
class OpenTask:
    """A task that was taken from the Activity, and its item."""

    queued: QueuedTask
    record: TaskRecord


class Tasks:
    """Every sample's workflow and the task that it waits for.

    Attributes:
        open: the open tasks by key, oldest first.
        by_heartbeat: their entries in the index, those of ended tasks too, the oldest heartbeat first.
    """

    def __init__(
        self, world: World, queue: ActivityQueue, parameters: Parameters, wake: Callable[[], None]
    ) -> None:
        """`wake` is called when the pollers are to be woken."""
        self.open: dict[str, OpenTask] = {}
        self.by_heartbeat: deque[IndexEntry] = deque()
        self._world = world
        self._queue = queue
        self._wake = wake
        self._memory_mib = parameters.memory_mib["HandleJobStatusFunction"]

    def start(self, sample: int) -> None:
        """Begins a sample's workflow: its first task goes onto the Activity."""
        self._queue.put(QueuedTask(sample, 0))
        self._wake()

    def take(self, queued: QueuedTask, now_ms: int) -> OpenTask:
        """Reads a task's input and writes the intent."""
        task = parse_task(_token(queued), _input(queued))
        jobs = {job.name: JobRecord(job.name) for job in task.jobs}
        taken = OpenTask(queued, TaskRecord(task, TaskState.OPEN, jobs, now_ms, now_ms))
        self.open[task.key] = taken
        self.by_heartbeat.append(IndexEntry(task.key, now_ms, now_ms))
        self._world.ledger.write_units += INTENT_UNITS
        return taken

    def submitted(self, taken: OpenTask) -> None:
        """Notes that Batch accepted the task's job, which runs from now on."""
        queued, task = taken.queued, taken.record.task
        (job,) = task.jobs
        request = submit_request(task, job, {})
        detail = {
            "jobId": request["jobName"],
            "status": "SUCCEEDED",
            "parameters": request["parameters"],
            "attempts": [{}],
            "container": {"exitCode": 0},
        }
        known = JobRecord(job.name, job_id=request["jobName"])
        taken.record = replace(taken.record, jobs={job.name: known})
        self._world.ledger.waits.add(queued.ready_at, self._world.now())
        self._world.ledger.write_units += IDS_UNITS
        seconds = self._world.scenario.job_seconds(queued.sample, queued.step)
        delay_seconds = seconds + self._world.scenario.delays.event
        self._world.after(delay_seconds, lambda: self._hear(queued, job.name, detail))

    def _hear(self, queued: QueuedTask, name: str, detail: dict[str, object]) -> None:
        """Does what handle_job_status does with a job's event."""
        ledger, delays = self._world.ledger, self._world.scenario.delays
        ledger.messages += 1
        ledger.invoked(delays.handling, self._memory_mib)
        ledger.write_units += NOTE_UNITS + CLOSE_UNITS
        record = self.open.pop(task_key(_token(queued))).record
        noted = replace(record, jobs={**record.jobs, name: completion.job_record(name, detail)})
        outcome = completion.decide(noted)
        assert outcome is not None
        assert outcome.state is TaskState.SUCCEEDED
        self._world.admit("States.SendTaskSuccess")
        self._go_on(queued)
        self._wake()

    def _go_on(self, queued: QueuedTask) -> None:
        if queued.step + 1 < JOBS_PER_SAMPLE:
            ended_at = self._world.now() - self._world.scenario.delays.event
            self._queue.put(QueuedTask(queued.sample, queued.step + 1, ended_at))
            return
        history = History()
        history.add(JOBS_PER_SAMPLE * TASK_EVENTS, transitions=JOBS_PER_SAMPLE)
        self._world.ledger.sample_over(history, self._world.now(), succeeded=True)


def _token(queued: QueuedTask) -> str:
    return f"{queued.sample}-{queued.step}"


def _input(queued: QueuedTask) -> str:
    """What statemachines/workflow.asl.json sends, less what only the job reads."""
    job = {
        "jobName": STEPS[queued.step],
        "jobQueue": "queue",
        "jobDefinition": STEPS[queued.step],
        "parameters": {"sample": f"s{queued.sample:04}"},
    }
    arn = f"arn:aws:states:us-east-1:000000000000:execution:workflow:s{queued.sample:04}"
    return json.dumps({"executionArn": arn, "stateName": STEPS[queued.step].title(), "jobs": [job]})
