"""The copying model's constants against the paper's formulas."""

import numpy as np
import pytest

from lowpass.imputation.li_stephens import genotype_given_copied, mismatch_probability, stay_probabilities


def test_the_mismatch_chance_of_three_haplotypes_is_that_of_the_paper() -> None:
    # theta = 1 / (1 + 1/2) = 2/3, and (2/3) / (2 (3 + 2/3)) = 1/11
    assert mismatch_probability(3) == pytest.approx(1 / 11)


def test_the_chance_to_stay_falls_with_distance_as_in_the_paper() -> None:
    stay = stay_probabilities(np.array([0.5, 0.5, 0.501]), haplotypes=8, effective_size=2_000)

    # exp(-4 x 2000 x 0.001 / 8) = exp(-1)
    np.testing.assert_allclose(stay, [1, 1, np.exp(-1)])


def test_either_copied_allele_may_mismatch() -> None:
    # both of two copied REF alleles stay REF with 0.9 x 0.9; of a copied heterozygote both or none changes
    np.testing.assert_allclose(
        genotype_given_copied(0.1), [[0.81, 0.18, 0.01], [0.09, 0.82, 0.09], [0.01, 0.18, 0.81]]
    )
