"""The reconciler of a simulated run: heartbeats for tasks that last, and whatever a poller has left."""

import math
from collections import deque
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
LOOK_SECONDS = 0.03
"""A look at one task: a heartbeat, and at each second look a write after it; an assumption."""
THREADS = 16
"""That look at tasks at once, as template.yaml has it."""
CLAIM_UNITS = 4
"""The item of up to 2 KB, and its entry in the index of open tasks, which moves: one goes, one comes."""
READ_UNITS = 0.5
"""An eventually consistent read of an item of up to 4 KB; dozens of the index's entries make one.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""


class Reconciler:
    """Looks at every open task once in a heartbeat, each minute at those that are due."""

    def __init__(self, world: World, tasks: Tasks, submitting: Submitting, parameters: Parameters) -> None:
        self._world, self._tasks, self._submitting = world, tasks, submitting
        self._policy = parameters.healing
        self._memory_mib = parameters.memory_mib["ReconcileTasksFunction"]
        self._clock = VirtualClock(world)
        # those that had a heartbeat since their claim, in the order of their claims
        self._between: deque[IndexEntry] = deque()

    def run(self) -> Process:
        """Works until every sample is over."""
        ledger = self._world.ledger
        while ledger.succeeded + ledger.failed < self._world.scenario.cohort.samples:
            yield self._world.env.timeout(EVERY_SECONDS)
            looks = self._heal()
            ledger.read_units += max(1, math.ceil(looks * READ_UNITS))
            ledger.invoked(BASE_SECONDS + LOOK_SECONDS * looks / THREADS, self._memory_mib)

    def _heal(self) -> int:
        """One invocation; returns how many tasks were due."""
        now_ms, looks, to_describe = self._clock.now_us() // 1000, 0, 0
        lines = (
            (self._tasks.by_heartbeat, self._policy.due_before_ms(now_ms)),
            (self._between, self._policy.claim_before_ms(now_ms)),
        )
        for entries, before_ms in lines:
            while entries and entries[0].heartbeat_at <= before_ms:
                entry = entries.popleft()
                if entry.key in self._tasks.open:
                    looks += 1
                    to_describe += self._look_at(entry, now_ms, again=entries is self._between)
        for _ in range(math.ceil(to_describe / JOBS_PER_CALL)):
            self._world.admit("Batch.DescribeJobs")
        return looks

    def _look_at(self, entry: IndexEntry, now_ms: int, *, again: bool) -> int:
        """Sends a task's heartbeat, claims it if need be, and returns how many jobs to ask Batch about."""
        task = self._tasks.open[entry.key]
        self._world.admit("States.SendTaskHeartbeat")
        diagnosis = reconciliation.diagnose(task.record, now_ms=now_ms, policy=self._policy)
        is_ill = diagnosis.unsubmitted and diagnosis.submitting_is_over
        if again or is_ill:
            task.record = replace(task.record, heartbeat_at=now_ms)
            self._tasks.by_heartbeat.append(replace(entry, heartbeat_at=now_ms))
            self._world.ledger.write_units += CLAIM_UNITS
        else:
            self._between.append(entry)
        if is_ill:
            until_us = self._clock.now_us() + round(self._policy.submit_seconds * MICROSECONDS)
            self._world.env.process(self._submitting.submit(task, until_us))
        return len(diagnosis.describe)
