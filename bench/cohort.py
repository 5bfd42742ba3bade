"""The work that every contender is given: samples of three dependent jobs, with lengths from a seed."""

import math
import random
from dataclasses import dataclass

JOBS_PER_SAMPLE = 3
SIGMA = 0.5
"""Spread of the lengths' logarithm: two jobs of three are within a factor of 1.65 of the median."""
CLIP_FACTOR = 4.0
"""No job is shorter or longer than the mean by more than this factor, so that one never decides a run."""


@dataclass(frozen=True)
class Cohort:
    """A cohort of samples, each with three jobs of which the second needs the first and the third the second.

    Attributes:
        samples: how many.
        seed: gives the lengths; the same sample has the same ones in a cohort of any size.
        mean_seconds: mean length of a job before clipping.
    """

    samples: int
    seed: int
    mean_seconds: float

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise ValueError(f"samples is {self.samples}: a cohort has at least one.")
        if self.mean_seconds <= 0:
            raise ValueError(f"mean_seconds is {self.mean_seconds}: a job's length must be above 0.")

    @property
    def jobs(self) -> int:
        """How many jobs there are in all."""
        return JOBS_PER_SAMPLE * self.samples

    def sample_names(self) -> tuple[str, ...]:
        """Name every sample: s0000, s0001 and so on."""
        return tuple(f"s{number:04}" for number in range(self.samples))

    def seconds(self, sample: str) -> tuple[float, float, float]:
        """Draw the lengths of a sample's three jobs, in seconds to the millisecond: log-normal, clipped."""
        lot = random.Random(f"{self.seed}:{sample}")  # noqa: S311 - a length is no secret
        first, second, third = (self._length(lot) for _ in range(JOBS_PER_SAMPLE))
        return first, second, third

    def _length(self, lot: random.Random) -> float:
        median = self.mean_seconds * math.exp(-(SIGMA**2) / 2)
        seconds = median * math.exp(SIGMA * lot.gauss(0, 1))
        clipped = min(max(seconds, self.mean_seconds / CLIP_FACTOR), self.mean_seconds * CLIP_FACTOR)
        return round(clipped, 3)

    def critical_path_seconds(self) -> float:
        """Return the mean over samples of the time that one sample's jobs take one after another."""
        return sum(sum(self.seconds(sample)) for sample in self.sample_names()) / self.samples
