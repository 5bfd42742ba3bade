"""Reads EventBridge's Step Functions Execution Status Change events; pure.

https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-states.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sluice.events import DETAIL_TYPE, detail_of, read_event
from sluice.tasks.contract import is_execution_arn

STATUSES: Final = ("FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True)
class EndedExecution:
    """A workflow execution that ended without success; `stopped_at` is ms since the epoch.

    A redriven execution goes on under the same ARN, so that a late event must not touch what came after.
    """

    execution_arn: str
    status: str
    stopped_at: int


def read_ended_execution(text: str) -> EndedExecution | None:
    """Returns the execution that ended without success, or None if the text tells of no such thing."""
    detail = detail_of(read_event(text), DETAIL_TYPE)
    arn, status, stopped_at = (detail.get(name) for name in ("executionArn", "status", "stopDate"))
    if not is_execution_arn(arn) or status not in STATUSES or type(stopped_at) is not int:
        return None
    return EndedExecution(arn, status, stopped_at)
