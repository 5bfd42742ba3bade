"""Which samples' executions can go on where they failed; pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sluice.cohorts.model import Sample, SampleEnd

REDRIVE_DAYS: Final = 14
REDRIVE_EVENTS: Final = 24_999
"""Within so many days of its end, and with fewer events than this, an execution can go on where it failed.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

_DAY_MS: Final = 86_400_000


@dataclass(frozen=True)
class HistoryEnd:
    """What the history of an ended execution says: how many events it has, and if a Fail state ended it."""

    events: int
    in_fail_state: bool


def can_redrive(sample: Sample, history: HistoryEnd, now_ms: int) -> bool:
    """True if an ended sample's execution can go on where it failed, to some purpose.

    One that a Fail state ended would only run that state again, and fail the same way.
    """
    is_recent = now_ms - (sample.stopped_at or 0) < REDRIVE_DAYS * _DAY_MS
    return is_recent and history.events < REDRIVE_EVENTS and not history.in_fail_state


def redrive_token(sample: Sample) -> str:
    """A token of 64 characters, the most that there may be, for the sample's last redrive and no other.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
    """
    return hashlib.sha256(f"{sample.execution_arn} {sample.redrives}".encode()).hexdigest()


def is_end_before(sample: Sample, end: SampleEnd) -> bool:
    """True if an end is the one after which the sample's execution was to go on, and did not yet."""
    return sample.ended_before is not None and end.stopped_at <= sample.ended_before
