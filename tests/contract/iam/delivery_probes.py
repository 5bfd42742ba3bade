"""What comes to the functions, and what leaves them: queues, events, schedules, logs."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tests.contract.iam.policies import document_of
from tests.contract.iam.probe import Probe, first_wrong
from tests.contract.iam.scene import within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.iam.scene import Scene

PATIENCE_SECONDS: Final = 9


def takes_messages(function: str, queue: str, scene: Scene) -> str | None:
    """A message of its queue reaches a function and is deleted."""
    scene.aws.client("sqs").send_message(QueueUrl=scene.physical(queue), MessageBody='{"wake": "Test"}')
    before = _invocations(scene, function)
    with scene.listening(function):
        came = within(PATIENCE_SECONDS, lambda: _invocations(scene, function) > before)
        deleted = within(1, lambda: scene.waiting(queue) == 0)
    return first_wrong(
        (came or deleted, "messages stay in the queue"), (deleted, "messages are handled and not deleted")
    )


def starts_a_poller(scene: Scene) -> str | None:
    """The next link of the chain is started, and the table remembers how far the chain is."""
    _first_link(scene)
    scene.forget_rate("slot-0")
    failed, answer = scene.invoke("EnsurePollers", {})
    started = (answer or {}).get("PollersStarted") == 1
    return failed or first_wrong((started, "no poller is started"))


def looks_at_metrics(scene: Scene) -> str | None:
    """Whether tasks came is asked of CloudWatch."""
    failed, answer = scene.invoke("EnsurePollers", {"look": True})
    return failed or first_wrong(("LooksFailed" not in (answer or {}), "the metrics are not looked at"))


def _first_link(scene: Scene) -> None:
    """Sees to it that the chain's first link was there and has ended."""
    if not any(each["name"] == "slot-0-0" for each in scene.stack.pollers()):
        _start_poller(scene, "slot-0-0")
    scene.stop_pollers()


def _start_poller(scene: Scene, name: str) -> str:
    """Starts a poller that ends after a round, as its slot is one too many."""
    poller = {"slot": 99, "number": 0, "probe": True, "emptyRounds": 0}
    machine = scene.stack.outputs["ActivityPollerArn"]
    started = scene.stack.states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(poller))
    return str(started["executionArn"])


def writes_its_log(scene: Scene) -> str | None:
    """An invocation is found in its log group."""
    before = _log_streams(scene, "cancel_jobs")
    scene.invoke("CancelJobs", {"Records": []})
    written = within(1, lambda: _log_streams(scene, "cancel_jobs") > before)
    return first_wrong((written, "the function's log is lost"))


def is_called_by_its_schedule(function: str, event: str, scene: Scene) -> str | None:
    """A schedule with the target of the deployed one calls the function."""
    scheduler = scene.aws.client("scheduler")
    deployed = scheduler.get_schedule(Name=scene.physical(f"{function}Function{event}"))
    before, name = _invocations(scene, function), f"once-{uuid.uuid4().hex}"
    scheduler.create_schedule(
        Name=name,
        ScheduleExpression="at(2020-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=deployed["Target"],
    )
    called = within(PATIENCE_SECONDS, lambda: _invocations(scene, function) > before)
    scheduler.delete_schedule(Name=name)
    return first_wrong((called, "its schedule does not call it"))


def _invocations(scene: Scene, function: str) -> int:
    """How often a function was called and its log kept; each invocation has a log stream of its own."""
    groups = {"HandleJobStatus": "handle_job_status", "CancelJobs": "cancel_jobs"}
    groups |= {"EnsurePollers": "ensure_pollers", "ReconcileTasks": "reconcile_tasks"}
    groups |= {"CountSamples": "count_samples", "ReconcileSamples": "reconcile_samples"}
    return _log_streams(scene, groups[function])


def _log_streams(scene: Scene, folder: str) -> int:
    pages = scene.aws.client("logs").get_paginator("describe_log_streams")
    found = pages.paginate(logGroupName=f"/sluice/sluice/{folder}")
    return sum(len(page["logStreams"]) for page in found)


def job_ends(scene: Scene) -> None:
    """A job of a task ends."""
    scene.stack.batch.submit_job(
        jobName="ends",
        jobQueue=scene.stack.outputs["JobQueueArn"],
        jobDefinition=scene.stack.job_definition("true", "true"),
        parameters={"taskKey": "somebody's", "taskJob": "ends"},
    )


def array_ends(scene: Scene) -> None:
    """An array that tasks share ends."""
    scene.stack.batch.submit_job(
        jobName="ends",
        jobQueue=scene.stack.outputs["JobQueueArn"],
        jobDefinition=scene.stack.job_definition("true", "true"),
        parameters={"taskArray": "somebody's"},
        arrayProperties={"size": 2},
    )


def workflow_starts(scene: Scene) -> None:
    """Somebody's workflow starts."""
    scene.start()


def workflow_stops(scene: Scene) -> None:
    """Somebody's workflow is stopped."""
    # on an Activity of its own: a poller that is awake would end it first
    scene.stack.states.stop_execution(executionArn=scene.handed().execution)


def sample_ends(scene: Scene) -> None:
    """An execution ends that is named as a cohort's sample is."""
    machines = scene.machines()
    machine = machines.create({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    machines.start(machine, name="cohort.1.sample")


def poller_dies(scene: Scene) -> None:
    """A poller is stopped."""
    poller = _start_poller(scene, f"slot-99-{time.time_ns()}")
    scene.stack.states.stop_execution(executionArn=poller)


def is_delivered(cause: Callable[[Scene], None], queue: str, scene: Scene) -> str | None:
    """An event reaches a queue."""
    cause(scene)
    came = within(PATIENCE_SECONDS, lambda: scene.waiting(queue) > 0)
    return first_wrong((came, f"its event does not reach {queue}"))


def is_kept(cause: Callable[[Scene], None], stem: str, scene: Scene) -> str | None:
    """An event that a queue refuses is kept among its dead letters."""
    with _closed(scene, f"{stem}Queue"):
        cause(scene)
        kept = within(PATIENCE_SECONDS, lambda: scene.waiting(f"{stem}DeadLetters") > 0)
    return first_wrong((kept, "an event that cannot be delivered is lost"))


@contextmanager
def _closed(scene: Scene, queue: str) -> Iterator[None]:
    """Takes a queue's policy away for a while."""
    sqs: Any = scene.aws.client("sqs")
    url = scene.physical(queue)
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document_of([])})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _of_queues() -> Iterator[Probe]:
    for function, queue in {
        "HandleJobStatus": "JobEventsQueue",
        "CancelJobs": "CancellationsQueue",
        "EnsurePollers": "WakeUpsQueue",
        "CountSamples": "SampleEndsQueue",
    }.items():
        yield Probe(f"{queue} is read", partial(takes_messages, function, queue), "sqs:")


def _of_schedules() -> Iterator[Probe]:
    for function, event in (
        ("EnsurePollers", "Probe"),
        ("EnsurePollers", "Look"),
        ("ReconcileTasks", "EveryMinute"),
        ("ReconcileSamples", "EveryFiveMinutes"),
    ):
        calls = partial(is_called_by_its_schedule, function, event)
        yield Probe(f"{function}'s schedule {event} calls", calls, "lambda:")


def _of_events() -> Iterator[Probe]:
    for cause, stem in (
        (job_ends, "JobEvents"),
        (workflow_stops, "Cancellations"),
        (workflow_starts, "WakeUps"),
        (sample_ends, "SampleEnds"),
    ):
        yield Probe(
            f"{cause.__name__}: told to {stem}Queue", partial(is_delivered, cause, f"{stem}Queue"), "sqs:"
        )
        yield Probe(f"{cause.__name__}: kept in {stem}DeadLetters", partial(is_kept, cause, stem), "sqs:")
    # a policy names each rule that may send
    for cause, queue in (
        (array_ends, "JobEventsQueue"),
        *((cause, "WakeUpsQueue") for cause in (job_ends, array_ends, poller_dies)),
    ):
        yield Probe(f"{cause.__name__}: told to {queue}", partial(is_delivered, cause, queue), "sqs:")


PROBES: Final = (
    Probe("a poller is started", starts_a_poller),
    Probe("the metrics are looked at", looks_at_metrics, "cloudwatch:"),
    Probe("a log is written", writes_its_log, "logs:"),
    *_of_events(),
    *_of_queues(),
    *_of_schedules(),
)
