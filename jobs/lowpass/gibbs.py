"""Two haplotypes of one person from genotype likelihoods, by Gibbs sampling.

The likelihoods are those of unordered pairs of alleles, so neither haplotype can be treated alone. Each
sweep draws one haplotype given the present draw of the other, then the other given the new one; each such
step is the haploid model of `lowpass.li_stephens`. The approach is that of GLIMPSE: Rubinacci, Ribeiro,
Hofmeister, Delaneau. Efficient phasing and imputation of low-coverage sequencing data using large reference
panels. Nature Genetics 53:120-126 (2021). <https://doi.org/10.1038/s41588-020-00756-0>
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lowpass.between_sites import BetweenSites
from lowpass.errors import LowpassError
from lowpass.li_stephens import (
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
        sweeps: draws of both haplotypes.
        burn_in: sweeps at the beginning that do not count.
        effective_size: effective population size; 20,000 is what imputation programs take for people.
        minimum_carriers: reads of a site count when both alleles have so many carriers in the panel; rarer
            ones cost time and tell the sampler no more than sequencing errors would.
    """

    sweeps: int = 20
    burn_in: int = 4
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


def genotype_posteriors(
    panel: Haplotypes, likelihoods: NDArray[np.float64], *, settings: Settings, rng: Generator
) -> NDArray[np.float64]:
    """Impute one person's genotypes at every site of the panel.

    Args:
        panel: what to copy from.
        likelihoods: of the reads for 0, 1 and 2 ALT alleles, equal where there are no reads, shape (sites,
            3).
        settings: how long to sample.
        rng: the source of all chance; the same state gives the same answer.

    Returns:
        Posterior chance of 0, 1 and 2 ALT alleles, shape (sites, 3). In each sweep the posteriors of the two
        haplotypes are multiplied as if independent; the dosage does not depend on that.

    Raises:
        NoReadsError: when every site is without reads, or has too few carriers.
    """
    sampler = _Sampler(panel, likelihoods, settings=settings, rng=rng)
    total = np.zeros_like(likelihoods)
    for sweep in range(settings.sweeps):
        counts = sweep >= settings.burn_in
        first, second = sampler.update(0, posterior=counts), sampler.update(1, posterior=counts)
        if counts:
            both_reference, both_alternate = (1 - first) * (1 - second), first * second
            total += np.column_stack([both_reference, 1 - both_reference - both_alternate, both_alternate])
    return total / (settings.sweeps - settings.burn_in)


class _Sampler:
    """The present draw of a person's two haplotypes at the covered sites."""

    def __init__(
        self, panel: Haplotypes, likelihoods: NDArray[np.float64], *, settings: Settings, rng: Generator
    ) -> None:
        covered = _covered_sites(panel, likelihoods, settings.minimum_carriers)
        self._covered = covered
        self._panel = panel.alleles[covered]
        self._likelihoods = likelihoods[covered]
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
        frequencies = self._panel.mean(axis=1)
        self._drawn = [(rng.random(len(covered)) < frequencies).astype(np.int64) for _ in range(2)]

    def update(self, which: int, *, posterior: bool) -> NDArray[np.float64]:
        """Draw one haplotype given the other; return its chance of ALT at every panel site, if wanted."""
        rows = np.arange(len(self._covered))
        other = self._drawn[1 - which]
        by_allele = np.column_stack([self._likelihoods[rows, other], self._likelihoods[rows, other + 1]])
        emissions = emission_probabilities(self._panel, by_allele, self._mismatch)
        forward_rows = forward(emissions, self._stay)
        path = sample_path(forward_rows, self._stay, self._rng)
        alternate = self._alternate_given_copied(by_allele)
        chances = alternate[rows, self._panel[rows, path]]
        self._drawn[which] = (self._rng.random(len(rows)) < chances).astype(np.int64)
        if not posterior:
            return np.empty(0)
        copied = self._sites.copied_alternates(forward_rows, backward(emissions, self._stay))
        return self._with_mismatches(copied, alternate)

    def _alternate_given_copied(self, by_allele: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the chance of ALT at covered sites when REF or ALT is copied, shape (covered, 2)."""
        prior = np.array([self._mismatch, 1 - self._mismatch])
        alternate = by_allele[:, 1:] * prior
        chances: NDArray[np.float64] = alternate / (alternate + by_allele[:, :1] * (1 - prior))
        return chances

    def _with_mismatches(
        self, copied: NDArray[np.float64], alternate: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        result = copied * (1 - self._mismatch) + (1 - copied) * self._mismatch
        at_covered = copied[self._covered]
        result[self._covered] = at_covered * alternate[:, 1] + (1 - at_covered) * alternate[:, 0]
        return result


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
