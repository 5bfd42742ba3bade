"""The contenders' policies: each execution is a process that does what its state machine says.

The figures of events are those of a Standard workflow's history:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

import itertools
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bench.cohort import JOBS_PER_SAMPLE
from bench.contenders.job_poller import RETRY
from bench.contenders.sync import METAFLOW_RETRY
from bench.scale.ledger import History
from bench.scale.world import Process, Steps, World
from sluice_local.engine.stepfunctions.batch_integration import poll_intervals
from sluice_local.engine.stepfunctions.retry_delays import delay_seconds

Retrier = Mapping[str, Any]
Execution = Callable[[World, int], Process]

EVENTS_MAX = 25_000
"""Of one history; the execution fails then.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

_WAIT_EVENTS = 2  # WaitStateEntered, WaitStateExited
_CHOICE_EVENTS = 2  # ChoiceStateEntered, ChoiceStateExited


def run_executions(world: World, execution: Execution) -> None:
    """Takes the cohort through `execution`, a process a sample that begins when its execution starts."""
    world.env.process(world.start_executions(lambda sample: world.env.process(execution(world, sample))))
    world.env.run()


def sync(retrier: Retrier | None = None) -> Execution:
    """`batch:submitJob.sync` for each job, with or without a Retry."""
    return partial(_sync, retrier)


def sync_retry() -> Execution:
    """The same with what Metaflow generates."""
    return sync(METAFLOW_RETRY)


def job_poller(world: World, sample: int) -> Process:
    """Submit, wait, look, until the job has ended; then the next one."""
    history, ready_at = History(), 0.0
    (retrier,) = RETRY
    for step in range(JOBS_PER_SAMPLE):
        if not (yield from _submit(world, history, retrier, ready_at)):
            return _over(world, history, succeeded=False)
        ready_at = world.env.now + world.scenario.job_seconds(sample, step)
        if not (yield from _poll(world, history, ready_at)):
            return _over(world, history, succeeded=False)
    return _over(world, history, succeeded=True)


def _sync(retrier: Retrier | None, world: World, sample: int) -> Process:
    history, ready_at = History(), 0.0
    for step in range(JOBS_PER_SAMPLE):
        if not (yield from _submit(world, history, retrier, ready_at)):
            return _over(world, history, succeeded=False)
        history.add(1)  # TaskSubmitted
        ready_at = world.env.now + world.scenario.job_seconds(sample, step)
        yield from _await_event(world, ready_at)
    return _over(world, history, succeeded=True)


def _submit(world: World, history: History, retrier: Retrier | None, ready_at: float) -> Steps[bool]:
    """Submits a job that waits since `ready_at`; False if all tries were answered with 429."""
    accepted = yield from _call(world, history, "Batch.SubmitJob", retrier)
    if accepted:
        world.ledger.waits.add(ready_at, world.env.now)
    return accepted


def _call(world: World, history: History, api: str, retrier: Retrier | None) -> Steps[bool]:
    """Performs a Task state: TaskStateEntered, three events a try, TaskStateExited."""
    history.add(1, transitions=1)
    for retries in itertools.count():
        history.add(3)  # TaskScheduled, TaskStarted, and TaskSucceeded or TaskFailed
        accepted = world.admit(api)
        yield world.env.timeout(world.scenario.delays.call)
        if accepted:
            history.add(1)
            return True
        if retrier is None or retries >= retrier["MaxAttempts"]:
            return False
        history.add(0, transitions=1)
        yield world.env.timeout(delay_seconds(dict(retrier), retries, world.lot.random))
    raise AssertionError("itertools.count has no end")


def _poll(world: World, history: History, ends_at: float) -> Steps[bool]:
    """Looks until the job has ended, and once more as the sample does; False if a look failed."""
    (retrier,) = RETRY
    is_over = False
    while not is_over:
        history.add(_WAIT_EVENTS + _CHOICE_EVENTS, transitions=2)
        yield world.env.timeout(world.scenario.wait_seconds)
        is_over = world.env.now >= ends_at
        if not (yield from _call(world, history, "Batch.DescribeJobs", retrier)):
            return False
        if history.events >= EVENTS_MAX:
            return False
    return (yield from _call(world, history, "Batch.DescribeJobs", retrier))


def _await_event(world: World, ends_at: float) -> Process:
    """Waits for the job's event; Step Functions looks besides, and a look that is throttled tells nothing."""
    env, heard_at = world.env, ends_at + world.scenario.delays.event
    for interval in poll_intervals():
        if env.now + interval >= heard_at:
            break
        yield env.timeout(interval)
        if world.admit("Batch.DescribeJobs") and env.now >= ends_at:
            return
    yield env.timeout(heard_at - env.now)


def _over(world: World, history: History, *, succeeded: bool) -> None:
    world.ledger.sample_over(history, world.env.now, succeeded=succeeded)
