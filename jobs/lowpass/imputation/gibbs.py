"""Two haplotypes of one person from genotype likelihoods, by Gibbs sampling.

The likelihoods are those of unordered pairs of alleles, so neither haplotype can be treated alone. Each
sweep draws one haplotype given the present draw of the other, then the other given the new one; each such
step is the haploid model of `lowpass.imputation.li_stephens`. The approach is that of GLIMPSE: Rubinacci,
Ribeiro, Hofmeister, Delaneau. Efficient phasing and imputation of low-coverage sequencing data using large
reference panels. Nature Genetics 53:120-126 (2021). <https://doi.org/10.1038/s41588-020-00756-0>
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lowpass.errors import LowpassError
from lowpass.imputation.between_sites import BetweenSites
from lowpass.imputation.li_stephens import (
    backward,
    emission_probabilities,
    forward,
    mismatch_probability,
    sample_path,
    stay_probabilities,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


class NoReadsError(LowpassError):
    """Raised when no usable site of the panel has a read."""


@dataclass(frozen=True)
class Settings:
    """How long the sampler runs and which population it assumes.

    Attributes:
        starts: independent chains; a chain seldom leaves the phase that it has settled on, so many short ones
            are worth more than a long one.
        sweeps: draws of both haplotypes in each chain; the last one counts.
        effective_size: effective population size; 20,000 is what imputation programs take for people.
        minimum_carriers: reads of a site count when both alleles have so many carriers in the panel; to count
            rarer ones too doubles the time, and raises r2 at panel MAF > 5 % by 0.002.
    """

    starts: int = 12
    sweeps: int = 6
    effective_size: float = 20_000
    minimum_carriers: int = 3


@dataclass(frozen=True)
class Haplotypes:
    """A phased panel with its genetic map.

    Attributes:
        alleles: 0 for REF and 1 for ALT, shape (sites, haplotypes).
        morgans: genetic positions in rising order, shape (sites,).
    """

    alleles: NDArray[np.uint8]
    morgans: NDArray[np.float64]


# bounds the memory; more than these at once are hardly faster
_CHAINS_AT_ONCE = 4


def genotype_posteriors(
    panel: Haplotypes, likelihoods: NDArray[np.float64], *, settings: Settings, rng: Generator
) -> NDArray[np.float64]:
    """Impute one person's genotypes at every site of the panel.

    Args:
        panel: what to copy from.
        likelihoods: of the reads for 0, 1 and 2 ALT alleles, equal where there are none, shape (sites, 3).
        settings: how long to sample.
        rng: the source of all chance; the same state gives the same answer.

    Returns:
        Posterior chance of 0, 1 and 2 ALT alleles, shape (sites, 3). In each chain the posteriors of the two
        haplotypes are multiplied as if independent; the dosage does not depend on that.

    Raises:
        NoReadsError: when every site is without reads, or has too few carriers.
    """
    sampler = _Sampler(panel, likelihoods, settings=settings, rng=rng)
    groups = [
        min(_CHAINS_AT_ONCE, settings.starts - done) for done in range(0, settings.starts, _CHAINS_AT_ONCE)
    ]
    total = np.zeros_like(likelihoods)
    for chains in groups:
        for posteriors in sampler.run(chains, settings.sweeps):
            total += posteriors
    return total / settings.starts


class _Sampler:
    """The model of one person at the sites that reads cover."""

    def __init__(
        self, panel: Haplotypes, likelihoods: NDArray[np.float64], *, settings: Settings, rng: Generator
    ) -> None:
        covered = _covered_sites(panel, likelihoods, settings.minimum_carriers)
        self._covered = covered
        self._panel = panel.alleles[covered]
        self._likelihoods = likelihoods[covered]
        self._frequencies = self._panel.mean(axis=1)
        haplotypes = panel.alleles.shape[1]
        self._mismatch = mismatch_probability(haplotypes)
        morgans = panel.morgans[covered]
        self._stay = stay_probabilities(
            np.diff(morgans, prepend=morgans[:1]),
            haplotypes=haplotypes,
            effective_size=settings.effective_size,
        )
        self._sites = BetweenSites.of(
            panel.alleles, panel.morgans, covered=covered, effective_size=settings.effective_size
        )
        self._rng = rng

    def run(self, chains: int, sweeps: int) -> list[NDArray[np.float64]]:
        """Run independent chains side by side and return each one's genotype posteriors, shape (sites, 3)."""
        shape = (len(self._covered), chains)
        other = (self._rng.random(shape) < self._frequencies[:, None]).astype(np.int64)
        for _ in range(2 * sweeps - 2):
            other, _ = self._update(other, counts=False)
        other, firsts = self._update(other, counts=True)
        _, seconds = self._update(other, counts=True)
        return [_genotypes(first, second) for first, second in zip(firsts, seconds, strict=True)]

    def _update(
        self, other: NDArray[np.int64], *, counts: bool
    ) -> tuple[NDArray[np.int64], list[NDArray[np.float64]]]:
        """Draw one haplotype given the other, shape (covered, chains).

        Returns:
            The draw, and if it counts, for each chain the chance of ALT at every panel site.
        """
        likelihoods = self._allele_likelihoods(other)
        emissions = emission_probabilities(self._panel, likelihoods, self._mismatch)
        alternate = self._alternate_given_copied(likelihoods)
        forward_rows = forward(emissions, self._stay)
        drawn = self._draw(forward_rows, alternate)
        if not counts:
            return drawn, []
        backward_rows = backward(emissions, self._stay)
        posteriors = [
            self._with_mismatches(
                self._sites.copied_alternates(forward_rows[:, chain], backward_rows[:, chain]),
                alternate[:, chain],
            )
            for chain in range(other.shape[1])
        ]
        return drawn, posteriors

    def _allele_likelihoods(self, other: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the likelihoods of alleles 0 and 1 beside the other haplotype, (covered, chains, 2)."""
        return np.take_along_axis(self._likelihoods[:, None], np.stack([other, other + 1], axis=2), axis=2)

    def _alternate_given_copied(self, likelihoods: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the chance of ALT when REF or ALT is copied, shape (covered, chains, 2)."""
        prior = np.array([self._mismatch, 1 - self._mismatch])
        alternate = likelihoods[:, :, 1:] * prior
        chances: NDArray[np.float64] = alternate / (alternate + likelihoods[:, :, :1] * (1 - prior))
        return chances

    def _draw(self, forward_rows: NDArray[np.float32], alternate: NDArray[np.float64]) -> NDArray[np.int64]:
        chains = range(forward_rows.shape[1])
        paths = [sample_path(forward_rows[:, chain], self._stay, self._rng) for chain in chains]
        copied = np.take_along_axis(self._panel, np.column_stack(paths), axis=1)
        chances = np.where(copied, alternate[:, :, 1], alternate[:, :, 0])
        return (self._rng.random(chances.shape) < chances).astype(np.int64)

    def _with_mismatches(
        self, copied: NDArray[np.float64], alternate: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Turn the chance that ALT is copied into the chance of ALT, at every panel site, shape (sites,)."""
        result = copied * (1 - self._mismatch) + (1 - copied) * self._mismatch
        at_covered = copied[self._covered]
        result[self._covered] = at_covered * alternate[:, 1] + (1 - at_covered) * alternate[:, 0]
        return result


def _genotypes(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    none, both = (1 - first) * (1 - second), first * second
    return np.column_stack([none, 1 - none - both, both])


def _covered_sites(
    panel: Haplotypes, likelihoods: NDArray[np.float64], minimum_carriers: int
) -> NDArray[np.int64]:
    carriers = panel.alleles.sum(axis=1, dtype=np.int64)
    rarer = np.minimum(carriers, panel.alleles.shape[1] - carriers)
    informative = np.ptp(likelihoods, axis=1) > 0
    covered = np.flatnonzero(informative & (rarer >= minimum_carriers))
    if not len(covered):
        raise NoReadsError("no site of the panel has a read; check that the reads are of this region")
    return covered
