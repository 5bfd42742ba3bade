"""The cohort as a file that a peer's workflow reads."""

import json
from enum import Enum
from pathlib import Path

from bench.cohort import Cohort

STEPS = ("align", "likelihoods", "impute")
PLAN = "plan.json"


class JobSide(Enum):
    """What runs inside a peer's jobs."""

    PUBLISHED = "published"
    """The peer itself, as it starts itself there: seconds of CPU a job."""
    STAND_IN = "stand-in"
    """A small program with the peer's name that sleeps and answers alike (`job_side`)."""

    @property
    def note(self) -> str:
        """What a reader of the results must know of it."""
        if self is JobSide.PUBLISHED:
            return "Every job starts the peer itself, on this machine's own CPUs."
        return "The client is as published; in the jobs, a stand-in for its wrapper sleeps as long as told."


def write_plan(cohort: Cohort, folder: Path) -> Path:
    """Write the length of every job in seconds, by sample and step; return the file's path."""
    lengths = {
        sample: dict(zip(STEPS, cohort.seconds(sample), strict=True)) for sample in cohort.sample_names()
    }
    path = folder / PLAN
    path.write_text(json.dumps({"seconds": lengths}))
    return path
