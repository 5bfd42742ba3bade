"""Whether events find their way: rules, schedules, queues and what consumes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sluice_cli.doctor.finding import ok, warning, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_cli.aws.stack import Resource
    from sluice_cli.doctor.finding import CheckContext, Finding

ON: Final = frozenset({"ENABLED", "CREATING", "ENABLING", "UPDATING"})
LONG_LINE: Final = 10_000
"""Messages that no function has taken yet: minutes of work for five at once."""


def check_dead_letters(context: CheckContext) -> Iterator[Finding]:
    """Counts what lies in the dead-letter queues, and what waits in the others."""
    letters = 0
    for queue in context.of_type("AWS::SQS::Queue"):
        names, url = ["ApproximateNumberOfMessages"], queue.physical_id
        answer = context.api.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=names)
        count = int(answer["Attributes"]["ApproximateNumberOfMessages"])
        if queue.logical_id.endswith("DeadLetters") and count:
            letters += count
            way_out = (
                f"Read the function's log, fix the cause, and send them back: {_redrive(context, queue)}"
            )
            yield wrong("dead letters", f"{queue.logical_id} holds {count} events that failed", way_out)
        elif count > LONG_LINE:
            way_out = "See whether its function runs and succeeds."
            yield warning("queue", f"{count} events wait in {queue.logical_id}", way_out)
    if not letters:
        yield ok("dead letters", "there are none")


def _redrive(context: CheckContext, queue: Resource) -> str:
    return f"sluice redrive {queue.logical_id} --stack {context.stack.name}"


def check_routes(context: CheckContext) -> Iterator[Finding]:
    """Looks whether rules, schedules and the functions' queues are switched on."""
    found = [*_rules(context), *_schedules(context), *_mappings(context)]
    off = [(name, state) for name, state in found if state.upper() not in ON]
    for name, state in off:
        yield wrong("routes", f"{name} is {state}", "Switch it on again, or deploy the stack again.")
    if not off:
        yield ok("routes", f"{len(found)} rules, schedules and event sources are on")


def _rules(context: CheckContext) -> Iterator[tuple[str, str]]:
    for rule in context.of_type("AWS::Events::Rule"):
        answer = context.api.call("events", "describe_rule", Name=rule.physical_id.rpartition("|")[2])
        yield rule.logical_id, answer["State"]


def _schedules(context: CheckContext) -> Iterator[tuple[str, str]]:
    for schedule in context.of_type("AWS::Scheduler::Schedule"):
        name = schedule.physical_id.rpartition("/")[2]
        yield schedule.logical_id, context.api.call("scheduler", "get_schedule", Name=name)["State"]


def _mappings(context: CheckContext) -> Iterator[tuple[str, str]]:
    for mapping in context.of_type("AWS::Lambda::EventSourceMapping"):
        answer = context.api.call("lambda", "get_event_source_mapping", UUID=mapping.physical_id)
        yield mapping.logical_id, answer["State"]
