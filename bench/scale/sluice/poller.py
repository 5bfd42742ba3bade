"""One slot of the activity poller: rounds of polls, each a process, while there is work."""

from dataclasses import dataclass

import simpy

from bench.scale.ledger import History
from bench.scale.sluice.activity import ActivityQueue, QueuedTask
from bench.scale.sluice.parameters import Parameters
from bench.scale.sluice.shared_rate import VirtualClock
from bench.scale.sluice.submitting import Submitting
from bench.scale.sluice.tasks import Tasks
from bench.scale.world import Process, Steps, World
from sluice.pollers.hand import share
from sluice.pollers.pool import Round, plan_round
from sluice.rate.gcra import MICROSECONDS
from sluice.tasks.submission import submitting_seconds

BEGIN_EVENTS = 2  # PassStateEntered, PassStateExited
ROUND_EVENTS = 7  # five of the Task state and two of the Choice
END_EVENTS = 3  # two of the Succeed state, ExecutionSucceeded
CONTINUE_EVENTS = 5  # of the Task state that starts the next link


@dataclass
class _Tally:
    """What the polls of one round know of each other, as in `sluice.pollers.hand`."""

    submitting: simpy.Resource
    tasks: int = 0
    in_hand: int = 0
    idle: bool = False


class Poller:
    """Ends after a few empty rounds; `ensure` starts it again.

    Attributes:
        is_running: whether its state machine runs.
    """

    def __init__(
        self,
        world: World,
        queue: ActivityQueue,
        tasks: Tasks,
        *,
        submitting: Submitting,
        parameters: Parameters,
    ) -> None:
        self.is_running = False
        self._world, self._queue, self._tasks = world, queue, tasks
        self._submitting, self._parameters = submitting, parameters
        self._clock = VirtualClock(world)

    def ensure(self) -> None:
        """Starts it unless it runs."""
        if not self.is_running:
            self.is_running = True
            self._world.env.process(self._run())

    def _run(self) -> Process:
        yield self._world.env.timeout(self._world.scenario.delays.start)
        empty_rounds = 0
        while empty_rounds < self._parameters.max_empty_rounds:
            empty_rounds = yield from self._link(empty_rounds)
        self.is_running = False

    def _link(self, empty_rounds: int) -> Steps[int]:
        """One execution of the chain; returns the empty rounds at its end."""
        history = History()
        history.add(BEGIN_EVENTS + END_EVENTS, transitions=2)
        for _ in range(self._parameters.rounds_per_execution):
            tasks = yield from self._round()
            history.add(ROUND_EVENTS, transitions=2)
            empty_rounds = 0 if tasks else empty_rounds + 1
            if empty_rounds >= self._parameters.max_empty_rounds:
                break
            yield self._world.env.timeout(self._world.scenario.delays.next_round)
        else:
            history.add(CONTINUE_EVENTS, transitions=1)
        self._world.ledger.execution_over(history)
        return empty_rounds

    def _round(self) -> Steps[int]:
        """One invocation of submit_jobs; returns the number of tasks that it took."""
        began, env, parameters = self._world.now(), self._world.env, self._parameters
        round_ = plan_round(
            self._clock.now_us(),
            remaining_seconds=parameters.function_seconds,
            round_seconds=parameters.round_seconds,
        )
        pollers = parameters.poller_count
        threads = share(parameters.poller_threads, pollers, slot=0)
        tally = _Tally(simpy.Resource(env, capacity=threads))
        polls = share(parameters.open_polls, pollers, slot=0)
        yield simpy.AllOf(env, [env.process(self._poll(round_, tally)) for _ in range(polls)])
        memory_mib = parameters.memory_mib["SubmitJobsFunction"]
        self._world.ledger.invoked(self._world.now() - began, memory_mib)
        return tally.tasks

    def _poll(self, round_: Round, tally: _Tally) -> Process:
        while not tally.idle and self._clock.now_us() < round_.poll_until_us:
            before = tally.tasks
            queued = yield self._queue.poll()
            if queued is None:
                tally.idle = tally.idle or (tally.tasks == before and not tally.in_hand)
                continue
            tally.tasks += 1
            tally.in_hand += 1
            yield from self._take(queued, round_, tally)
            tally.in_hand -= 1

    def _take(self, queued: QueuedTask, round_: Round, tally: _Tally) -> Process:
        now_us = self._clock.now_us()
        taken = self._tasks.take(queued, now_us // 1000)
        yield self._world.env.timeout(self._world.scenario.delays.write)
        window_seconds = submitting_seconds(self._parameters.healing.takeover_seconds)
        window_us = now_us + round(window_seconds * MICROSECONDS)
        with tally.submitting.request() as turn:
            yield turn
            yield from self._submitting.submit(taken, min(round_.submit_until_us, window_us))
