"""The reference: a submitter that loses no time and uses the quota to the full, first come, first served."""

from collections import deque
from functools import cache

from bench.cohort import JOBS_PER_SAMPLE
from bench.scale.scenario import Scenario
from bench.scale.world import Process, World


@cache
def ideal_seconds(scenario: Scenario) -> float:
    """The makespan of a cohort if every end is known at once, every call takes no time and no 429 comes."""
    world = World(scenario)
    _Ideal(world).run()
    return world.now()


class _Ideal:
    def __init__(self, world: World) -> None:
        self._world = world
        self._ready: deque[tuple[int, int]] = deque()
        self._wake = world.env.event()

    def run(self) -> None:
        self._world.env.process(self._world.start_executions(lambda sample: self._add(sample, 0)))
        self._world.env.process(self._submit_all())
        self._world.env.run()

    def _add(self, sample: int, step: int) -> None:
        self._ready.append((sample, step))
        if not self._wake.triggered:
            self._wake.succeed()

    def _submit_all(self) -> Process:
        env, quota = self._world.env, self._world.scenario.submit_quota
        full_at = env.now  # when the bucket would be full again
        for _ in range(self._world.scenario.cohort.jobs):
            if not self._ready:
                self._wake = env.event()
                yield self._wake
            full_at = max(full_at, env.now) + 1 / quota.refill_per_second
            spare = full_at - env.now - quota.bucket_size / quota.refill_per_second
            if spare > 0:
                yield env.timeout(spare)
            self._submit(*self._ready.popleft())

    def _submit(self, sample: int, step: int) -> None:
        world = self._world
        world.after(world.scenario.job_seconds(sample, step), lambda: self._ended(sample, step))

    def _ended(self, sample: int, step: int) -> None:
        if step + 1 < JOBS_PER_SAMPLE:
            self._add(sample, step + 1)
