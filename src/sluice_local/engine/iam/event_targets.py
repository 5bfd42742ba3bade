"""Events that go only where EventBridge may send them.

AWS: a rule sends to a queue whose policy allows events.amazonaws.com, and EventBridge Scheduler calls its
target with the schedule's role; an event that is refused goes to the target's dead-letter queue at once,
without a retry, https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html.

MiniStack 1.5.33: delivers to every queue and function, and knows no dead-letter queue of a target.

Fixed by asking before each delivery. Rules whose targets are functions are not used here and not asked for.
"""

import functools
import logging
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.batch_api import request_scope
from sluice_local.engine.iam.decisions import Decision, Decisions
from sluice_local.engine.iam.needs import Need
from sluice_local.engine.iam.roles import SCHEDULER, ActingRole
from sluice_local.engine.ministack import Private

_EVENTS = "events.amazonaws.com"
_log = logging.getLogger(__name__)


def install(decisions: Decisions) -> None:
    """Ask before each delivery of an event."""
    ministack.wrap("services.eventbridge._invoke_target", functools.partial(_asking, decisions))


def _asking(decisions: Decisions, invoke_target: Private) -> Private:
    @functools.wraps(invoke_target)
    def ask(target: dict[str, Any], event: Private, rule: dict[str, Any], view: Private = None) -> None:
        if _allowed(decisions, target, rule):
            invoke_target(target, event, rule, view)
            return
        _log.warning("%s may not deliver to %s", rule.get("Arn"), target["Arn"])
        dead_letters = {"Arn": target.get("DeadLetterConfig", {}).get("Arn")}
        if dead_letters["Arn"] and _allowed(decisions, dead_letters, rule):
            invoke_target(dead_letters, event, rule, view)

    return ask


def _allowed(decisions: Decisions, target: dict[str, Any], rule: dict[str, Any]) -> bool:
    service = target["Arn"].split(":")[2]
    if service == "sqs":
        return _queue_allows(decisions, target["Arn"], rule.get("Arn", ""))
    if service == "lambda" and "RoleArn" in target:
        role = ActingRole(target["RoleArn"], SCHEDULER, "scheduler")
        return role.refusal([Need("lambda:InvokeFunction", target["Arn"])]) is None
    return True


def _queue_allows(decisions: Decisions, queue_arn: str, rule_arn: str) -> bool:
    allows = ministack.private("services.sqs.queue_policy_allows")
    allowed: bool = allows(queue_arn, _EVENTS, rule_arn, request_scope().account)
    decisions.add(Decision(_EVENTS, "sqs:SendMessage", queue_arn, allowed))
    return allowed
