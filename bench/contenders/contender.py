"""What a contender is to the harness."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.cohort import Cohort
from sluice_local.server import LocalAws


@dataclass(frozen=True)
class Ended:
    """How a contender's run ended, as the contender itself tells it; all figures are taken from outside.

    Attributes:
        succeeded: samples whose three jobs are done.
        failed: the others.
        started_s: when the work was handed over, in seconds since the epoch; setting up comes before.
        ended_s: when the last sample was over.
        note: what a reader must know, for example why a contender could not run.
        samples: the sample of each job, by the job's id, where the job itself does not tell.
    """

    succeeded: int
    failed: int
    started_s: float
    ended_s: float
    note: str = ""
    samples: Mapping[str, str] = field(default_factory=dict)


class Contender(Protocol):
    """One way to take a cohort through AWS Batch.

    Attributes:
        name: how the results call it.
    """

    @property
    def name(self) -> str:
        """How the results call it."""

    def run(self, aws: LocalAws, cohort: Cohort, folder: Path) -> Ended:
        """Take the cohort through a Local AWS that was started for this run alone.

        Every job sleeps for as long as the cohort says. The sample's name stands in the job's name, its
        parameters or its command, or the contender tells it at the end; so the harness knows whose job it is.

        Args:
            aws: just started, with the run's quotas in force.
            cohort: what is to be done.
            folder: empty, for the contender's own files.
        """
