"""Logs as JSON, metrics in CloudWatch's embedded format; task tokens reach neither."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from sluice.submission import task_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.ports import ServiceError

NAMESPACE: Final = "Sluice"

logger = Logger(service="sluice")
metrics = Metrics(namespace=NAMESPACE, service="sluice")


class Counts:
    """Counts of one invocation, from any of its threads."""

    def __init__(self) -> None:
        """All counts are zero at first."""
        self._lock = threading.Lock()
        self._counter: Counter[str] = Counter()

    def count(self, name: str, value: int = 1) -> None:
        """Adds to a count."""
        with self._lock:
            self._counter[name] += value

    def publish(self) -> dict[str, int]:
        """Sends the counts to CloudWatch and returns them, for the next invocation to start from zero."""
        with self._lock:
            totals, self._counter = dict(self._counter), Counter()
        for name, value in totals.items():
            metrics.add_metric(name, MetricUnit.Count, value)
        return totals


def log_counts(message: str, counts: Mapping[str, int]) -> None:
    """Writes one line with the counts of an invocation."""
    logger.info(message, extra=dict(counts))


class LogReporter:
    """Writes what went wrong into the function's log."""

    def task_left(self, token: str, error: ServiceError) -> None:
        """Says that a task was left to the reconciler."""
        logger.warning("task left to the reconciler", task_id=task_id(token), error=_said(error))

    def poll_failed(self, error: ServiceError) -> None:
        """Says that a long poll failed."""
        logger.warning("long poll failed", error=_said(error))


def _said(error: ServiceError) -> str:
    return f"{type(error).__name__}: {error}"
