"""The queues within bounds: those of the rule of EventBridge by which Sluice hears of the ends of jobs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.arns import matches_queue
from sluice.aws.bounds.asked import AskedBounds
from sluice.aws.errors import translated

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(kw_only=True)
class RuleQueues(AskedBounds):
    """The queues that an EventBridge rule names."""

    client: Callable[[], Any]
    rule: str

    def has(self, name: str, known: tuple[str, ...]) -> bool:
        """By its name or ARN."""
        return matches_queue(name, known)

    def read(self) -> tuple[str, ...]:
        """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html."""
        with translated():
            answer = self.client().describe_rule(Name=self.rule)
        try:
            return tuple(map(str, json.loads(answer["EventPattern"])["detail"]["jobQueue"]))
        except (KeyError, TypeError, ValueError):
            return ()
