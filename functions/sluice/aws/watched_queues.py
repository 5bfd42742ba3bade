"""The WatchedQueues port on EventBridge: the rule by which Sluice hears of the ends of jobs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice.aws.errors import translated
from sluice.errors import ServiceError
from sluice.rate.gcra import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluice.ports import Clock

AGAIN_SECONDS: Final = 1
"""A rule that was read so long ago is read again for a queue that it did not have: a deployment may have
added it, and a poller outlives deployments."""


@dataclass
class RuleQueues:
    """The queues that an EventBridge rule names; implements ports.WatchedQueues. Threads may share it.

    A rule that cannot be read, or that names no queues, is taken to hear of every queue.
    """

    client: Callable[[], Any]
    rule: str
    clock: Clock
    _arns: tuple[str, ...] = ()
    _read_us: int | None = None

    def instead_of(self, job_queue: str) -> tuple[str, ...]:
        """Reads the rule when it is asked first, and again for a queue that it did not have."""
        if not self._has(job_queue) and not self._is_fresh():
            try:
                self._arns = self._read()
            except ServiceError:
                return ()
            self._read_us = self.clock.now_us()
        return () if self._has(job_queue) else self._arns

    def _has(self, job_queue: str) -> bool:
        # Batch takes a queue's name too
        return any(job_queue in (arn, arn.rpartition("/")[2]) for arn in self._arns)

    def _is_fresh(self) -> bool:
        read_us = self._read_us
        return read_us is not None and self.clock.now_us() < read_us + AGAIN_SECONDS * MICROSECONDS

    def _read(self) -> tuple[str, ...]:
        """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html."""
        with translated():
            answer = self.client().describe_rule(Name=self.rule)
        try:
            return tuple(map(str, json.loads(answer["EventPattern"])["detail"]["jobQueue"]))
        except (KeyError, TypeError, ValueError):
            return ()
