"""The samples of a cohort one by one: where each stands, in which step, since when; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice.cohorts.model import FAILURES, SampleStatus
from sluice_cli.cohorts.summary import reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sluice.cohorts.model import Sample
    from sluice.tasks.model import TaskRecord

COLUMNS: Final = ("sample", "state", "step", "attempt", "error", "since")


@dataclass(frozen=True)
class SampleLine:
    """A sample as it stands.

    Attributes:
        sample: as the table has it.
        step: the state of the workflow whose task it waits for or had last; None if none is known.
    """

    sample: Sample
    step: str | None

    @property
    def attempt(self) -> str:
        """Which attempt it is, and how often that went on where it had failed."""
        redrives = f"+{self.sample.redrives}" if self.sample.redrives else ""
        return f"{self.sample.attempt}{redrives}"

    @property
    def error(self) -> str | None:
        """What it failed with."""
        return reason(self.sample) if self.sample.status in FAILURES else None

    @property
    def since_ms(self) -> int:
        """Since when it stands so, ms since the epoch."""
        return self.sample.started_at if self.sample.stopped_at is None else self.sample.stopped_at

    def document(self) -> dict[str, Any]:
        """The sample as JSON has it."""
        return {
            "sample": self.sample.name,
            "state": self.sample.status.value,
            "step": self.step,
            "attempt": self.sample.attempt,
            "redrives": self.sample.redrives,
            "error": self.error,
            "since": self.since_ms,
            "executionArn": self.sample.execution_arn,
        }


def choose_samples(
    samples: Iterable[Sample], *, states: Collection[SampleStatus], errors: Collection[str]
) -> tuple[Sample, ...]:
    """Those that are in one of the states and failed with one of the errors, where some are given."""
    return tuple(
        sample
        for sample in samples
        if (not states or sample.status in states)
        and (not errors or (sample.status in FAILURES and reason(sample) in errors))
    )


def sample_lines(
    samples: Iterable[Sample], tasks: Mapping[str, Sequence[TaskRecord]]
) -> Iterator[SampleLine]:
    """A line for each sample; the tasks are those of its execution, oldest first."""
    for sample in samples:
        records = tasks.get(sample.execution_arn, ())
        is_over = sample.status is SampleStatus.SUCCEEDED
        yield SampleLine(sample, None if is_over or not records else records[-1].task.state_name)
