"""Goes through all checks; what may not be looked at is a finding too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sluice_cli.aws.stack import find_stack, stack_resources
from sluice_cli.doctor import (
    account_checks,
    batch_checks,
    capacity_checks,
    event_checks,
    function_checks,
    poller_checks,
    reconciler_checks,
    submission_checks,
    wake_up_checks,
    wall_checks,
)
from sluice_cli.doctor.finding import CheckContext, warning, wrong
from sluice_cli.errors import AwsError, CliError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sluice_cli.aws.ports import Api
    from sluice_cli.doctor.finding import Check, Finding

CHECKS: Final[Mapping[str, Check]] = {
    "pollers": poller_checks.check_pollers,
    "wake-ups": wake_up_checks.check_wake_ups,
    "reconciler": reconciler_checks.check_tasks,
    "cohorts": reconciler_checks.check_samples,
    "submissions": submission_checks.check_submissions,
    "dead letters": event_checks.check_dead_letters,
    "routes": event_checks.check_routes,
    "functions": function_checks.check_functions,
    "alarms": function_checks.check_alarms,
    "walls": wall_checks.check_walls,
    "job queues": batch_checks.check_queues,
    "capacity": capacity_checks.check_capacity,
    "job definitions": batch_checks.check_definitions,
}


def run_checks(api: Api, stack_name: str, now_ms: int) -> Iterator[Finding]:
    """Yields what is found, check by check; without credentials or a stack that is all there is to say."""
    try:
        yield from account_checks.check_caller(api, now_ms)
    except AwsError as error:
        yield wrong("credentials", str(error), "Fix this first: nothing else can be checked until then.")
        return
    try:
        stack = find_stack(api, stack_name)
        resources = stack_resources(api, stack_name)
    except CliError as error:
        yield wrong("stack", str(error), "Fix this first: nothing else can be checked until then.")
        return
    yield from account_checks.check_stack(stack)
    if stack.outputs:
        context = CheckContext(api, stack, resources, now_ms)
        for name, check in CHECKS.items():
            yield from _run(name, check, context)


def _run(name: str, check: Check, context: CheckContext) -> Iterator[Finding]:
    try:
        yield from check(context)
    except AwsError as error:
        way_out = "Ask for the permission to read it." if error.is_denied else "Try again in a minute."
        yield warning(name, f"could not be checked. {error}", way_out)
    except CliError as error:
        yield wrong(name, str(error), "Deploy the stack again.")
