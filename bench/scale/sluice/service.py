"""Sluice as a whole in virtual time: workflows, pollers, reconciler, and what wakes the pollers."""

from bench.scale.sluice.activity import ActivityQueue
from bench.scale.sluice.parameters import Parameters
from bench.scale.sluice.poller import Poller
from bench.scale.sluice.reconciler import Reconciler
from bench.scale.sluice.shared_rate import MemoryRates, VirtualLimiter
from bench.scale.sluice.submitting import Submitting
from bench.scale.sluice.tasks import Tasks
from bench.scale.world import World

WINDOW_SECONDS = 2.0
"""Wake-up calls are gathered for so long, as template.yaml has it."""
ENSURE_SECONDS = 0.1
"""How long `ensure_pollers` takes; an assumption."""


def run_sluice(world: World, parameters: Parameters | None = None) -> None:
    """Takes the cohort through Sluice, with its default parameters unless others are given."""
    _Service(world, parameters or Parameters.of(world.scenario)).run()


class _Service:
    def __init__(self, world: World, parameters: Parameters) -> None:
        self._world, self._parameters = world, parameters
        self._rates, queue = MemoryRates(), ActivityQueue(world)
        self._tasks = Tasks(world, queue, parameters, self._wake)
        # the limiter is shared between processes by the table and within one by its object; a poller is one
        self._pollers = [
            Poller(world, queue, self._tasks, submitting=self._submitting(), parameters=parameters)
            for _ in range(parameters.poller_count)
        ]
        self._reconciler = Reconciler(world, self._tasks, self._submitting(), parameters)
        self._is_waking = False

    def run(self) -> None:
        env = self._world.env
        env.process(self._world.start_executions(self._tasks.start))
        env.process(self._reconciler.run())
        env.run()
        self._world.ledger.write_units += self._rates.writes

    def _submitting(self) -> Submitting:
        limiter = VirtualLimiter(self._world, self._rates, self._parameters.limit)
        return Submitting(self._world, self._tasks, limiter)

    def _wake(self) -> None:
        self._world.ledger.messages += 1
        if not self._is_waking:
            self._is_waking = True
            self._world.after(WINDOW_SECONDS, self._ensure)

    def _ensure(self) -> None:
        self._is_waking = False
        self._world.ledger.invoked(ENSURE_SECONDS, self._parameters.memory_mib["EnsurePollersFunction"])
        for poller in self._pollers:
            poller.ensure()
