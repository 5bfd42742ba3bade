"""Reads the ends of samples' executions from Step Functions' events; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sluice.cohorts.model import ENDS, SampleEnd, SampleStatus, read_execution_name
from sluice.events import DETAIL_TYPE, detail_of, read_event
from sluice.schema import is_unicode

if TYPE_CHECKING:
    from collections.abc import Mapping


MAX_ERROR: Final = 256
"""Characters of an execution's error name:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html"""


_END_NAMES: Final = tuple(status.value for status in ENDS)


def read_sample_end(text: str) -> SampleEnd | None:
    """Reads a Step Functions Execution Status Change event; None if no sample's execution ended.

    https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-states.html
    """
    detail = detail_of(read_event(text), DETAIL_TYPE)
    return sample_end(detail.get("name"), detail)


def sample_end(name: Any, said: Mapping[str, Any]) -> SampleEnd | None:
    """Makes the end of a sample of what Step Functions says of an execution; None if it has not ended.

    Args:
        name: of the execution.
        said: `executionArn`, `status`, `stopDate` (ms since the epoch) and `error`, as events carry them.
    """
    whose = read_execution_name(name) if isinstance(name, str) else None
    arn, status, stopped_at, error = (
        said.get(key) for key in ("executionArn", "status", "stopDate", "error")
    )
    if whose is None or not isinstance(arn, str) or type(stopped_at) is not int or status not in _END_NAMES:
        return None
    named = error[:MAX_ERROR] if isinstance(error, str) and is_unicode(error) else None
    return SampleEnd(whose, arn, SampleStatus(status), stopped_at, named or None)
