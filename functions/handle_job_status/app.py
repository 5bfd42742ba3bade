"""Notes that Batch jobs ended, and completes the tasks whose jobs all have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sluice.runtime.sqs import handle_records
from sluice.runtime.telemetry import logger
from sluice.tasks.job_event import EndedArray, EndedChild, EndedJob, read_job_event
from sluice.wiring.completing import completing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from sluice.ports import Telemetry
    from sluice.runtime.sqs import BatchAnswer
    from sluice.tasks.completer import Completer
    from sluice.tasks.job_event import Ended
    from sluice.tasks.model import TaskRecord
    from sluice.tasks.ports import Arrays


BATCH_SIZE: Final = 10
"""As template.yaml has it. After a full batch there is more news, which does not wait: what is to be stopped
is the reconciler's then."""


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:  # noqa: ARG001 - Lambda's signature
    """Handles SQS records that hold Batch Job State Change events; what failed is delivered again."""
    services = completing()
    answer = handle(event, services.completer, services.telemetry, services.arrays)
    services.telemetry.publish("job events handled")
    return answer


def handle(event: Any, completer: Completer, telemetry: Telemetry, arrays: Arrays) -> BatchAnswer:
    """Notes the events, and tells of the tasks that they end, before it stops any job."""
    ended: list[TaskRecord] = []
    answer = handle_records(event, lambda body: ended.extend(note(body, completer, telemetry, arrays)))
    if len(event["Records"]) < BATCH_SIZE:
        completer.settle_soon(ended)
    return answer


def note(body: str, completer: Completer, telemetry: Telemetry, arrays: Arrays) -> Iterator[TaskRecord]:
    """Notes one event; yields the task that it ended.

    Events that are not of Sluice's jobs are passed over.
    """
    ended = read_job_event(body)
    if isinstance(ended, EndedArray):
        arrays.ended(ended.array_id, completer.clock.now_ms())
        return
    job = _job_of_task(ended, arrays)
    if job is None:
        telemetry.count("EventsIgnored")
        return
    task = completer.note(job.key, job.job)
    if task is not None:
        yield task


def _job_of_task(ended: Ended | None, arrays: Arrays) -> EndedJob | None:
    """The job as one of a task; a child's stands in the task table."""
    if not isinstance(ended, EndedChild):
        return ended if isinstance(ended, EndedJob) else None
    member = arrays.member(ended.place)
    if member is None:
        return None
    key, name = member
    return EndedJob(key, replace(ended.job, name=name))
