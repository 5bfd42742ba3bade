"""Logs as JSON, metrics in CloudWatch's embedded format; task tokens reach neither."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.errors import ServiceError

NAMESPACE: Final = "Sluice"

_KEY: Final = re.compile("[0-9a-f]{32}")

# the service's name, which is a metric's dimension, is the stack's: POWERTOOLS_SERVICE_NAME
logger = Logger()
metrics = Metrics(namespace=NAMESPACE)


class LambdaTelemetry:
    """One function's counts and complaints, from any of its threads; implements ports.Telemetry."""

    def __init__(self) -> None:
        """All counts are zero at first."""
        self._lock = threading.Lock()
        self._counter: Counter[str] = Counter()

    def count(self, name: str, value: int = 1) -> None:
        """Adds to a count of the invocation."""
        with self._lock:
            self._counter[name] += value

    def publish(
        self, message: str, ages_seconds: Mapping[str, int] | None = None, *, unsent: Sequence[str] = ()
    ) -> dict[str, int]:
        """Ends an invocation: sends its counts and these ages to CloudWatch and logs them in one line.

        Nothing is sent of a run that found nothing, as CloudWatch charges a metric for each hour with data.

        Args:
            message: what the line says.
            ages_seconds: ages by their names; those of 0 are left out.
            unsent: the names of counts that are logged alone.

        Returns:
            The counts that are not zero; they start again from zero.
        """
        counts = self.drain()
        ages = {name: value for name, value in (ages_seconds or {}).items() if value}
        sent = {name: value for name, value in counts.items() if name not in unsent}
        for name, value in sent.items():
            metrics.add_metric(name, MetricUnit.Count, value)
        for name, value in ages.items():
            metrics.add_metric(name, MetricUnit.Seconds, value)
        if sent or ages:
            metrics.flush_metrics()
        if counts or ages:
            logger.info(message, extra={**counts, **ages})
        return counts

    def drain(self) -> dict[str, int]:
        """Returns the counts that are not zero and starts again from zero."""
        with self._lock:
            totals, self._counter = +self._counter, Counter()
        return dict(totals)

    def task_left(self, key: str, error: Exception) -> None:
        """Says that a task was left to the reconciler's next run."""
        logger.warning("task left to the reconciler", task_id=task_id(key), error=_said(error))

    def poll_failed(self, error: ServiceError) -> None:
        """Says that a long poll failed."""
        logger.warning("long poll failed", error=_said(error))

    def look_failed(self, error: ServiceError) -> None:
        """Says that CloudWatch did not say whether tasks came."""
        logger.warning("look at metrics failed", error=_said(error))

    def jobs_not_described(self, jobs: int, error: ServiceError) -> None:
        """Says that Batch gave no answer about so many jobs, which are asked about again later."""
        logger.warning("jobs not described", jobs=jobs, error=_said(error))

    def sample_left(self, cohort: str, sample: str, error: ServiceError) -> None:
        """Says that a sample was left to the reconciler's next run."""
        logger.warning("sample left to the reconciler", cohort=cohort, sample=sample, error=_said(error))

    def ends_left(self, cohort: str, ends: int, error: ServiceError) -> None:
        """Says that so many ends were not counted, and that their events come again."""
        logger.warning("ends of samples come again", cohort=cohort, ends=ends, error=_said(error))


def task_id(key: str) -> str:
    """Names a task in logs: the first 16 hex digits of its key, which are those of its token's SHA-256.

    A former version's key is the token itself.
    """
    return (key if _KEY.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest())[:16]


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
