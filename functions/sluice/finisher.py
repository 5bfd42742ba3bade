"""Notes what became of a job and, when that ends its task, completes the task in its workflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluice import completion
from sluice.model import TaskState
from sluice.ports import TaskGoneError

if TYPE_CHECKING:
    from sluice.model import JobRecord, TaskRecord
    from sluice.ports import Activities, Clock, Figures, TaskStore
    from sluice.stopper import Stopper


@dataclass(frozen=True)
class Finisher:
    """Completes tasks exactly once, as their workflows see it."""

    activities: Activities
    store: TaskStore
    stopper: Stopper
    figures: Figures
    clock: Clock

    def note(self, token: str, job: JobRecord) -> None:
        """Notes an ended job; a repeated, late or foreign note changes nothing."""
        noted = self.store.note_job(token, job)
        self.figures.count("JobsEnded" if noted.changed else "EventsIgnored")
        if noted.record is not None:
            self.finish_if_ended(noted.record)

    def finish_if_ended(self, record: TaskRecord) -> bool:
        """Completes the task if its jobs say so; True if they did.

        The item is closed last: a crash on the way repeats all of it, and a workflow that was told
        already answers that the task is gone, which counts as done.
        """
        outcome = completion.decide(record) if record.state is TaskState.OPEN else None
        if outcome is None:
            return False
        try:
            self.activities.complete(record.task.token, outcome)
            self.figures.count("TasksSucceeded" if outcome.state is TaskState.SUCCEEDED else "TasksFailed")
        except TaskGoneError:
            self.figures.count("TasksGone")
        self.stopper.stop(completion.jobs_to_stop(record), "another job of its task failed")
        self.store.close(record.task.token, outcome.state, self._now_ms())
        return True

    def abandon(self, record: TaskRecord, reason: str) -> None:
        """Stops the jobs of a task whose workflow does not wait for it any more."""
        self.stopper.stop(completion.jobs_to_stop(record), reason)
        self.store.close(record.task.token, TaskState.ABANDONED, self._now_ms())
        self.figures.count("TasksAbandoned")

    def _now_ms(self) -> int:
        return self.clock.now_us() // 1000
