"""What IAM has decided so far, for tests and for whoever looks for a missing permission.

AWS: CloudTrail has every call and its refusal,
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html.

MiniStack 1.5.33: keeps nothing.

Fixed by counting each decision; the page `/_sluice/iam` shows them.
"""

import functools
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.context import Engine
from sluice_local.engine.ministack import Private


@dataclass(frozen=True)
class Decision:
    """One permission that was asked for.

    Attributes:
        principal: name of the role, or of the service that delivers an event.
        action: such as `sqs:ReceiveMessage`.
        resource: what it was asked for.
        allowed: the answer.
    """

    principal: str
    action: str
    resource: str
    allowed: bool


@dataclass(frozen=True)
class Decisions:
    """Counts decisions; safe on any thread."""

    counts: Counter[Decision] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, decision: Decision) -> None:
        """Count one decision."""
        with self.lock:
            self.counts[decision] += 1

    def rows(self) -> list[dict[str, Any]]:
        """Return every decision with its count, as `/_sluice/iam` shows them."""
        with self.lock:
            counted = list(self.counts.items())
        return [{**vars(decision), "count": count} for decision, count in counted]


def install(engine: Engine) -> Decisions:
    """Count what MiniStack's evaluator decides about roles; the account itself may do everything."""
    decisions = Decisions()
    engine.pages["iam"] = lambda: {"decisions": decisions.rows()}
    ministack.wrap("core.iam_evaluator.enforce", functools.partial(_counted, decisions))
    return decisions


def _counted(decisions: Decisions, enforce: Private) -> Private:
    sessions = ministack.private("services.sts._sessions")

    @functools.wraps(enforce)
    def counted(
        access_key: str, action: str, service: str, region: str, resource_arn: str = "*", **context: Any
    ) -> Private:
        denied = enforce(access_key, action, service, region, resource_arn=resource_arn, **context)
        if session := sessions.get(access_key):
            role_name = session["Arn"].split("/")[1]
            decisions.add(Decision(role_name, action, resource_arn, denied is None))
        return denied

    return counted
