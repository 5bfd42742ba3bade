"""Sites without reads against the same chain stopped at every site."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lowpass.imputation.between_sites import BetweenSites
from lowpass.imputation.li_stephens import backward, forward, stay_probabilities

EFFECTIVE_SIZE = 20_000


@given(
    seed=st.integers(0, 10_000),
    covered=st.sets(st.integers(0, 7), min_size=1).map(sorted),
    haplotypes=st.integers(2, 6),
)
def test_skipping_the_sites_without_reads_changes_no_posterior(
    seed: int, covered: list[int], haplotypes: int
) -> None:
    # GIVEN eight sites, some of them with data
    rng = np.random.default_rng(seed)
    alleles = rng.integers(2, size=(8, haplotypes), dtype=np.uint8)
    morgans = np.cumsum(rng.uniform(0, 1e-4, size=8))
    emissions = np.ones((8, 1, haplotypes), dtype=np.float32)
    emissions[covered] = rng.uniform(0.01, 1, size=(len(covered), 1, haplotypes))

    def stay(rows: list[int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        distances = np.diff(morgans[rows], prepend=morgans[rows[:1]])
        return stay_probabilities(distances, haplotypes=haplotypes, effective_size=EFFECTIVE_SIZE)

    # WHEN the chain stops at these only
    sites = BetweenSites.of(
        alleles, morgans, covered=np.array(covered, dtype=np.int64), effective_size=EFFECTIVE_SIZE
    )
    rows = forward(emissions[covered], stay(covered)), backward(emissions[covered], stay(covered))
    skipping = sites.copied_alternates(rows[0][:, 0], rows[1][:, 0])

    # THEN every site has the posterior that it has when the chain stops at all of them
    everywhere = list(range(8))
    weights = forward(emissions, stay(everywhere)) * backward(emissions, stay(everywhere)) / emissions
    expected = (weights * alleles[:, None]).sum(axis=2) / weights.sum(axis=2)
    np.testing.assert_allclose(skipping, expected[:, 0], rtol=1e-3, atol=1e-5)
