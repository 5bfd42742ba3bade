"""Queues that a function may read.

AWS: Lambda polls a queue for a function, with the function's role, which must allow sqs:ReceiveMessage,
sqs:DeleteMessage and sqs:GetQueueAttributes,
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions. What is
refused is told in the mapping's `LastProcessingResult`.

MiniStack 1.5.33: takes and deletes messages of any queue.

Fixed by asking before each; messages that may not be deleted are seen again, as on AWS.
"""

import functools
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.iam.needs import Need
from sluice_local.engine.iam.roles import LAMBDA, ActingRole
from sluice_local.engine.ministack import Private

_TAKE = ("sqs:GetQueueAttributes", "sqs:ReceiveMessage")
_DELETE = ("sqs:DeleteMessage",)


def install() -> None:
    """Ask the role of a queue's function before its messages are taken or deleted."""
    ministack.wrap("services.sqs._receive_messages_for_esm", _taking)
    ministack.wrap("services.sqs._delete_messages_for_esm", _deleting)


def _taking(receive: Private) -> Private:
    @functools.wraps(receive)
    def take(queue_url: str, batch_size: int) -> list[Private]:
        messages: list[Private] = [] if _refused(queue_url, _TAKE) else receive(queue_url, batch_size)
        return messages

    return take


def _deleting(delete: Private) -> Private:
    @functools.wraps(delete)
    def delete_allowed(queue_url: str, receipt_handles: set[str]) -> None:
        if not _refused(queue_url, _DELETE):
            delete(queue_url, receipt_handles)

    return delete_allowed


def _refused(queue_url: str, actions: tuple[str, ...]) -> bool:
    queue_arn = ministack.private("services.sqs._queues")[queue_url]["attributes"]["QueueArn"]
    mapping = _mapping_of(queue_arn)
    refusal = _function_role(mapping).refusal(Need(action, queue_arn) for action in actions)
    if refusal is not None:
        mapping["LastProcessingResult"] = f"PROBLEM: {refusal}"
    return refusal is not None


def _mapping_of(queue_arn: str) -> dict[str, Any]:
    mappings = ministack.private("services.lambda_svc._esms").values()
    mapping: dict[str, Any] = next(each for each in mappings if each["EventSourceArn"] == queue_arn)
    return mapping


def _function_role(mapping: dict[str, Any]) -> ActingRole:
    find = ministack.private("services.lambda_svc._get_func_record_for_qualifier")
    _function, config = find(mapping["FunctionName"], mapping.get("Qualifier"))
    return ActingRole(config["Role"], LAMBDA, config["FunctionName"])
