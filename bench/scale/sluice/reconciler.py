"""The reconciler of a simulated run: heartbeats for tasks that last, and whatever a poller has left."""

import math
from dataclasses import replace

from bench.scale.sluice.parameters import Parameters
from bench.scale.sluice.shared_rate import VirtualClock
from bench.scale.sluice.submitting import Submitting
from bench.scale.sluice.tasks import Tasks
from bench.scale.world import Process, World
from sluice.rate.gcra import MICROSECONDS
from sluice.tasks import reconciliation
from sluice.tasks.model import OpenTask as IndexEntry
from sluice.tasks.overdue_jobs import JOBS_PER_CALL

EVERY_SECONDS = 60.0
"""As template.yaml has it."""
BASE_SECONDS = 0.2
CLAIM_SECONDS = 0.03
"""A look at one task: a write and a heartbeat, one after the other; an assumption."""
THREADS = 16
"""That look at tasks at once, as template.yaml has it."""
CLAIM_UNITS = 4
"""The item of up to 2 KB, and its entry in the index of open tasks, which moves: one goes, one comes."""
ENTRY_BYTES = 150
"""Of that index: the names and values of the task's key, its partition, and two times."""
READ_BYTES = 8192
"""An eventually consistent read unit is worth twice 4 KB.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""


class Reconciler:
    """Looks at every open task once in a heartbeat, each minute at those that are due."""

    def __init__(self, world: World, tasks: Tasks, submitting: Submitting, parameters: Parameters) -> None:
        self._world, self._tasks, self._submitting = world, tasks, submitting
        self._policy = parameters.healing
        self._memory_mib = parameters.memory_mib["ReconcileTasksFunction"]
        self._clock = VirtualClock(world)

    def run(self) -> Process:
        """Works until every sample is over."""
        ledger = self._world.ledger
        while ledger.succeeded + ledger.failed < self._world.scenario.cohort.samples:
            yield self._world.env.timeout(EVERY_SECONDS)
            claims = self._heal()
            ledger.read_units += max(1, math.ceil(claims * ENTRY_BYTES / READ_BYTES))
            ledger.invoked(BASE_SECONDS + CLAIM_SECONDS * claims / THREADS, self._memory_mib)

    def _heal(self) -> int:
        """One invocation; returns how many tasks were due."""
        now_ms, entries = self._clock.now_us() // 1000, self._tasks.by_heartbeat
        claims, to_describe = 0, 0
        while entries and entries[0].heartbeat_at <= self._policy.due_before_ms(now_ms):
            entry = entries.popleft()
            if entry.key in self._tasks.open:
                claims += 1
                to_describe += self._look_at(entry, now_ms)
        for _ in range(math.ceil(to_describe / JOBS_PER_CALL)):
            self._world.admit("Batch.DescribeJobs")
        return claims

    def _look_at(self, entry: IndexEntry, now_ms: int) -> int:
        """Claims a task, sends its heartbeat, and returns how many of its jobs to ask Batch about."""
        task = self._tasks.open[entry.key]
        task.record = replace(task.record, heartbeat_at=now_ms)
        self._tasks.by_heartbeat.append(replace(entry, heartbeat_at=now_ms))
        self._world.ledger.write_units += CLAIM_UNITS
        self._world.admit("States.SendTaskHeartbeat")
        diagnosis = reconciliation.diagnose(task.record, now_ms=now_ms, policy=self._policy)
        if diagnosis.unsubmitted and diagnosis.submitting_is_over:
            until_us = self._clock.now_us() + round(self._policy.submit_seconds * MICROSECONDS)
            self._world.env.process(self._submitting.submit(task, until_us))
        return len(diagnosis.describe)
