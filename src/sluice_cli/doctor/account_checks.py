"""Who is asking, whether the clock is right, and whether the stack stands."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.doctor.finding import ok, warning, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack
    from sluice_cli.doctor.finding import Finding

SKEW_REFUSED_SECONDS: Final = 300
"""A request that was signed longer ago is refused.

https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html
"""
SKEW_SEEN_SECONDS: Final = 30
STANDS: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
EARLIER_STANDS: Final = frozenset({"UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"})
BATCH_SUBMITS_PER_SECOND: Final = 50
"""https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html"""


def check_caller(api: Api, now_ms: int) -> Iterator[Finding]:
    """Asks AWS who is asking, and compares the clocks.

    Raises:
        AwsError: there are no credentials that work.
    """
    answer = api.call("sts", "get_caller_identity")
    where = f"{api.region} at {api.endpoint_url}" if api.endpoint_url else api.region
    yield ok("credentials", f"account {answer['Account']}, {where}, as {answer['Arn']}")
    skew = _skew_seconds(answer, now_ms)
    if skew is None or skew < SKEW_SEEN_SECONDS:
        yield ok("clock", "it agrees with AWS's")
    else:
        judge = wrong if skew >= SKEW_REFUSED_SECONDS else warning
        way_out = (
            "Set this machine's clock, preferably with NTP: AWS refuses requests signed at the wrong time."
        )
        yield judge("clock", f"it is {skew:.0f} s off AWS's", way_out)


def check_stack(stack: Stack) -> Iterator[Finding]:
    """Judges CloudFormation's status of the stack, and the rate that it was given."""
    says = f"{stack.name} is {stack.status}"
    if stack.status in STANDS:
        yield ok("stack", says)
    elif stack.status in EARLIER_STANDS:
        way_out = f"Its last deployment failed and was rolled back: {_events(stack)} says why."
        yield warning("stack", says, way_out)
    elif stack.status.endswith("_IN_PROGRESS"):
        yield warning("stack", says, "Wait until the deployment is over, and check again.")
    else:
        way_out = f"Deploy it again; {_events(stack)} says why it failed."
        yield wrong("stack", says, way_out)
    yield from _check_rate(stack)


def _check_rate(stack: Stack) -> Iterator[Finding]:
    text = stack.parameters.get("SubmitRatePerSecond")
    if text is None:
        return
    says = f"Sluice submits up to {text} jobs a second"
    if float(text) > BATCH_SUBMITS_PER_SECOND:
        way_out = "Batch takes 50 a second of an account and Region: deploy with SubmitRatePerSecond=49."
        yield wrong("submit rate", says, way_out)
    else:
        yield ok("submit rate", f"{says}, and Batch takes {BATCH_SUBMITS_PER_SECOND}")


def _events(stack: Stack) -> str:
    return f"`aws cloudformation describe-stack-events --stack-name {stack.name}`"


def _skew_seconds(answer: Mapping[str, Any], now_ms: int) -> float | None:
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if date is None:
        return None
    return abs(float(parsedate_to_datetime(date).timestamp()) - now_ms / 1000)
