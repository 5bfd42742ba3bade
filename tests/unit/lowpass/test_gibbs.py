"""Two haplotypes of a person on tiny panels."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lowpass.imputation.gibbs import Haplotypes, NoReadsError, Settings, genotype_posteriors
from lowpass.imputation.li_stephens import mismatch_probability, stay_probabilities

PANEL = Haplotypes(
    np.array([[0, 1, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0]], dtype=np.uint8),
    np.array([0, 2e-5, 3e-5, 5e-5]),
)
# the third site has no reads
LIKELIHOODS = np.array([[1, 0.5, 0.01], [0.1, 1, 0.3], [1, 1, 1], [0.02, 0.6, 1]])
SHORT = Settings(starts=2, sweeps=2, minimum_carriers=1)


def haplotype_probabilities() -> NDArray[np.float64]:
    """Return the prior of every haplotype by summing over all paths, indexed by its alleles."""
    sites, haplotypes = PANEL.alleles.shape
    mismatch = mismatch_probability(haplotypes)
    distances = np.diff(PANEL.morgans, prepend=0)
    stay = stay_probabilities(distances, haplotypes=haplotypes, effective_size=20_000)
    result = np.zeros((2,) * sites)
    for path in itertools.product(range(haplotypes), repeat=sites):
        prior = 1 / haplotypes
        for site in range(1, sites):
            prior *= (1 - stay[site]) / haplotypes + stay[site] * (path[site] == path[site - 1])
        copied = PANEL.alleles[np.arange(sites), path]
        for alleles in itertools.product((0, 1), repeat=sites):
            differences = int(np.sum(copied != alleles))
            result[alleles] += prior * mismatch**differences * (1 - mismatch) ** (sites - differences)
    return result


def exact_dosages() -> NDArray[np.float64]:
    """Return the expected ALT alleles by summing over every pair of haplotypes."""
    prior, rows = haplotype_probabilities(), np.arange(len(LIKELIHOODS))
    total, dosages = 0.0, np.zeros(len(LIKELIHOODS))
    for first, second in itertools.product(np.ndindex(prior.shape), repeat=2):
        genotype = np.add(first, second)
        weight = prior[first] * prior[second] * np.prod(LIKELIHOODS[rows, genotype])
        total += weight
        dosages += weight * genotype
    return dosages / total


def test_many_chains_agree_with_the_exact_dosages() -> None:
    many = Settings(starts=2_000, sweeps=6, minimum_carriers=1)

    posteriors = genotype_posteriors(PANEL, LIKELIHOODS, settings=many, rng=np.random.default_rng(1))

    np.testing.assert_allclose(posteriors @ [0, 1, 2], exact_dosages(), atol=0.02)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), sites=st.integers(1, 12), haplotypes=st.integers(2, 8))
def test_posteriors_are_probabilities_that_sum_to_one(seed: int, sites: int, haplotypes: int) -> None:
    rng = np.random.default_rng(seed)
    alleles = rng.integers(2, size=(sites, haplotypes), dtype=np.uint8)
    alleles[0, :2] = 0, 1
    panel = Haplotypes(alleles, np.cumsum(rng.uniform(0, 1e-4, size=sites)))
    likelihoods = rng.uniform(0.001, 1, size=(sites, 3))

    posteriors = genotype_posteriors(panel, likelihoods, settings=SHORT, rng=rng)

    np.testing.assert_allclose(posteriors.sum(axis=1), 1)
    assert posteriors.min() >= 0


def test_the_same_seed_gives_the_same_posteriors_and_another_one_others() -> None:
    first, again, other = (
        genotype_posteriors(PANEL, LIKELIHOODS, settings=SHORT, rng=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_person_without_reads_is_refused() -> None:
    with pytest.raises(NoReadsError, match="no site of the panel has a read"):
        genotype_posteriors(PANEL, np.ones((4, 3)), settings=SHORT, rng=np.random.default_rng(1))
