"""A person's genotypes at every site of a panel, from the likelihoods of few reads.

Both haplotypes are mosaics of the panel's (`lowpass.imputation.li_stephens`). The reads show genotypes, so
neither can be treated alone: the model's states are pairs of panel haplotypes, and their posterior is
computed as it is, without sampling, over the few haplotypes that the reads speak for
(`lowpass.imputation.states`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lowpass.imputation.li_stephens import genotype_given_copied, mismatch_probability, stay_probabilities
from lowpass.imputation.pairs import Model, copied_genotypes
from lowpass.imputation.phase import vote
from lowpass.imputation.states import choose_states, segments_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Settings:
    """How much is computed, and which population is assumed.

    Attributes:
        states: panel haplotypes at a time that each haplotype may copy. The time is that of their square.
        effective_size: effective population size, in the terms of Li and Stephens.
        minimum_carriers: reads of a site tell haplotypes apart when both alleles have so many carriers in the
            panel; at rarer ones they count for the site alone.
        paths: how many pairs of paths vote on the phase.
        seed: of all chance, which decides on uncertain phase and on nothing else.
    """

    states: int = 256
    effective_size: float = 60_000
    minimum_carriers: int = 3
    paths: int = 15
    seed: int = 20


@dataclass(frozen=True)
class Haplotypes:
    """A phased panel with its genetic map.

    Attributes:
        alleles: 0 for REF and 1 for ALT, shape (sites, haplotypes).
        morgans: genetic positions in rising order, shape (sites,).
    """

    alleles: NDArray[np.uint8]
    morgans: NDArray[np.float64]


@dataclass(frozen=True)
class Imputed:
    """One person's genotypes.

    Attributes:
        posteriors: chance of 0, 1 and 2 ALT alleles, shape (sites, 3).
        alleles: the most likely genotype, phased, 0 for REF and 1 for ALT, shape (sites, 2).
    """

    posteriors: NDArray[np.float64]
    alleles: NDArray[np.uint8]

    @property
    def dosages(self) -> NDArray[np.float64]:
        """Expected number of ALT alleles, 0 to 2, shape (sites,)."""
        dosages: NDArray[np.float64] = self.posteriors @ np.arange(3)
        return dosages


def impute_person(panel: Haplotypes, likelihoods: NDArray[np.float64], *, settings: Settings) -> Imputed:
    """Impute one person's genotypes at every site of the panel.

    Args:
        panel: what to copy from.
        likelihoods: of the reads for 0, 1 and 2 ALT alleles, equal where there are none, shape (sites, 3).
        settings: how much to compute.

    Returns:
        The genotypes; where no read tells haplotypes apart, what the panel's frequencies make likely.
    """
    haplotypes = panel.alleles.shape[1]
    covered = _covered_sites(panel, likelihoods, settings.minimum_carriers)
    if not len(covered):
        return _by_frequency(panel)
    by_genotype = genotype_given_copied(mismatch_probability(haplotypes))
    by_copied = likelihoods[covered] @ by_genotype.T
    by_copied /= by_copied.max(axis=1, keepdims=True)
    morgans = panel.morgans[covered]
    stay = stay_probabilities(morgans, haplotypes=haplotypes, effective_size=settings.effective_size)
    segments = segments_of(morgans)
    slots = choose_states(panel.alleles[covered], stay, by_copied, segments, settings.states)[segments]
    model = Model(
        panel.alleles,
        slots,
        covered,
        stay.astype(np.float32),
        by_copied.astype(np.float32),
        _share_of_left(panel.morgans, covered),
    )
    uniforms = np.random.default_rng(settings.seed).random((len(covered), settings.paths, 3))
    copied, paths = copied_genotypes(model, uniforms)
    # what the site's own reads say is in the copied genotypes already, and must count once
    copied[covered] /= by_copied
    posteriors = copied @ by_genotype * likelihoods
    posteriors /= posteriors.sum(axis=1, keepdims=True)
    phase = vote(panel.alleles, slots, covered, paths)
    return Imputed(posteriors, _phased(posteriors.argmax(axis=1), phase))


def _covered_sites(
    panel: Haplotypes, likelihoods: NDArray[np.float64], minimum_carriers: int
) -> NDArray[np.int64]:
    carriers = panel.alleles.sum(axis=1, dtype=np.int64)
    rarer = np.minimum(carriers, panel.alleles.shape[1] - carriers)
    has_reads = np.ptp(likelihoods, axis=1) > 0
    for fewest in (minimum_carriers, 1):
        covered = np.flatnonzero(has_reads & (rarer >= fewest))
        if len(covered):
            break
    return covered


def _by_frequency(panel: Haplotypes) -> Imputed:
    frequencies = panel.alleles.mean(axis=1)
    posteriors = np.column_stack(
        [(1 - frequencies) ** 2, 2 * frequencies * (1 - frequencies), frequencies**2]
    )
    return Imputed(posteriors, _phased(posteriors.argmax(axis=1), np.zeros(len(posteriors), dtype=np.int64)))


def _share_of_left(morgans: NDArray[np.float64], covered: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the weight of the covered site at or before each site; it falls with genetic distance."""
    after = np.searchsorted(covered, np.arange(len(morgans)), side="right")
    left, right = covered[np.maximum(after - 1, 0)], covered[np.minimum(after, len(covered) - 1)]
    distance = morgans[right] - morgans[left]
    share: NDArray[np.float64] = np.divide(
        morgans[right] - morgans, distance, out=np.full(len(morgans), 0.5), where=distance > 0
    )
    share[covered] = 1
    share[: covered[0]] = 0
    share[covered[-1] :] = 1
    return share


def _phased(genotypes: NDArray[np.int64], phase: NDArray[np.int64]) -> NDArray[np.uint8]:
    first = (genotypes == 2) | ((genotypes == 1) & (phase > 0))
    second = (genotypes == 2) | ((genotypes == 1) & (phase <= 0))
    return np.column_stack([first, second]).astype(np.uint8)
