"""Takes a task's job to Batch, as `sluice.tasks.submitter` does: a slot of the rate, then SubmitJob."""

from bench.scale.sluice.shared_rate import VirtualLimiter
from bench.scale.sluice.tasks import OpenTask, Tasks
from bench.scale.world import Process, World


class Submitting:
    """What the pollers and the reconciler have in common."""

    def __init__(self, world: World, tasks: Tasks, limiter: VirtualLimiter) -> None:
        self._world = world
        self._tasks = tasks
        self._limiter = limiter

    def submit(self, taken: OpenTask, until_us: int) -> Process:
        """Tries until Batch accepts the job, or until the time is up: then it is the reconciler's."""
        env, delays = self._world.env, self._world.scenario.delays
        while (yield from self._limiter.take(until_us)):
            accepted = self._world.admit("Batch.SubmitJob")
            yield env.timeout(delays.call)
            if accepted:
                self._tasks.submitted(taken)
                yield env.timeout(delays.write)
                return
            self._limiter.back_off()
