"""How a cohort stands: counts, and what its failed samples failed with; pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.cohorts.model import FAILURES, SampleStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sluice.cohorts.model import Cohort, Sample


@dataclass(frozen=True)
class Summary:
    """A cohort with those of its samples that failed, by their names."""

    cohort: Cohort
    failed: tuple[Sample, ...]

    def count(self, status: SampleStatus) -> int:
        """How many samples have this status."""
        return self.cohort.counts.get(status, 0)

    @property
    def ended(self) -> int:
        """Samples that have come to an end, good or bad."""
        return self.cohort.started - self.count(SampleStatus.RUNNING)

    @property
    def has_failures(self) -> bool:
        """True if a sample failed, by the counts."""
        return any(self.count(status) for status in FAILURES)

    @property
    def failures(self) -> Mapping[str, int]:
        """How many samples failed with what, the most frequent first."""
        return dict(Counter(map(reason, self.failed)).most_common())

    def of(self, error: str) -> tuple[str, ...]:
        """The names of the samples that failed with it."""
        return tuple(sample.name for sample in self.failed if reason(sample) == error)

    def document(self) -> dict[str, Any]:
        """The summary as JSON has it."""
        cohort = self.cohort
        return {
            "cohort": cohort.name,
            "state": cohort.state,
            "workflowArn": cohort.workflow_arn,
            "total": cohort.total,
            "started": cohort.started,
            "over": cohort.over,
            "counts": {status.value: self.count(status) for status in SampleStatus},
            "createdAt": cohort.created_at,
            "updatedAt": cohort.updated_at,
            "failures": dict(self.failures),
            "failed": [
                {
                    "sample": sample.name,
                    "attempt": sample.attempt,
                    "redrives": sample.redrives,
                    "status": sample.status.value,
                    "error": sample.error,
                    "executionArn": sample.execution_arn,
                }
                for sample in self.failed
            ],
        }


def summarize(cohort: Cohort, samples: Iterable[Sample]) -> Summary:
    """Picks the failed samples out of a cohort's."""
    return Summary(cohort, tuple(sample for sample in samples if sample.status in FAILURES))


def reason(sample: Sample) -> str:
    """What a failed sample failed with: its named error, or how its execution ended."""
    return sample.error or sample.status.value
