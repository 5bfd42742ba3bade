"""Whether pollers run where there is work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sluice_cli.aws.executions import at_ms
from sluice_cli.doctor.finding import ok, warning, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_cli.doctor.finding import CheckContext, Finding

WAIT_MS: Final = 120_000
"""Work waits a minute at most for a poller; twice that is no accident."""
ADVISED_POLLS: Final = 100
"""https://docs.aws.amazon.com/step-functions/latest/dg/bp-activity-pollers.html"""

LOOKED_AT: Final = 10
"""Executions whose history is read: GetExecutionHistory has 20 calls a second.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""


def check_pollers(context: CheckContext) -> Iterator[Finding]:
    """Looks whether pollers run, and whether they are missed if not."""
    machine = context.stack.output("ActivityPollerArn")
    latest = _executions(context, machine)
    running = [each for each in latest if each["status"] == "RUNNING"]
    wanted = int(context.parameter("PollerCount", 1))
    waiting = _waiting(context)
    if waiting:
        says = f"{len(waiting)} or more executions have waited for a poller for over two minutes"
        which = f"such as {waiting[0]}"
        if running:
            way_out = "Its tasks are not taken: look for errors in the log group of submit_jobs."
            yield wrong("pollers", f"{says}, {which}; {len(running)} of {wanted} pollers run", way_out)
        else:
            way_out = f"Wake them, and read the answer:  {_wake(context)}"
            yield wrong("pollers", f"{says}, {which}; no poller runs", way_out)
    elif running:
        yield ok("pollers", f"{len(running)} of {wanted} run")
    else:
        yield ok("pollers", "none runs, and nothing waits for one")
    yield from _last_end(latest)
    yield from _open_polls(context)


def _open_polls(context: CheckContext) -> Iterator[Finding]:
    polls = int(context.parameter("OpenPolls", ADVISED_POLLS))
    if polls < ADVISED_POLLS:
        says = f"OpenPolls is {polls}: a token dropped in transit may block all of them for a minute"
        yield warning("open polls", says, f"Deploy with OpenPolls={ADVISED_POLLS} or more, as AWS advises.")


def _last_end(latest: list[dict[str, Any]]) -> Iterator[Finding]:
    ended = next((each for each in latest if each["status"] != "RUNNING"), None)
    if ended is not None and ended["status"] != "SUCCEEDED":
        way_out = f"`sluice explain {ended['executionArn']}` says why; the next one starts by itself."
        yield warning("last poller", f"{ended['name']} {ended['status']}", way_out)


def _executions(context: CheckContext, machine: str, **more: Any) -> list[dict[str, Any]]:
    """The latest executions of a state machine, newest first."""
    answer = context.api.call(
        "stepfunctions", "list_executions", stateMachineArn=machine, maxResults=100, **more
    )
    return list(answer["executions"])


def _waiting(context: CheckContext) -> list[str]:
    """Names of executions of the stack's workflow that wait for a poller, of those that run for longest."""
    machine = context.stack.outputs.get("WorkflowArn")
    if machine is None:
        return []
    running = _executions(context, machine, statusFilter="RUNNING")
    old = [each for each in running if context.now_ms - at_ms(each["startDate"]) > WAIT_MS]
    return [each["name"] for each in old[-LOOKED_AT:] if _waits(context, each["executionArn"])]


def _waits(context: CheckContext, execution_arn: str) -> bool:
    answer = context.api.call(
        "stepfunctions",
        "get_execution_history",
        executionArn=execution_arn,
        reverseOrder=True,
        maxResults=1,
    )
    last = answer["events"][0]
    return last["type"] == "ActivityScheduled" and context.now_ms - at_ms(last["timestamp"]) > WAIT_MS


def _wake(context: CheckContext) -> str:
    name = context.stack.outputs.get("EnsurePollersFunctionName", "<EnsurePollersFunction>")
    return f"aws lambda invoke --function-name {name} --payload '{{}}' /dev/stdout"
