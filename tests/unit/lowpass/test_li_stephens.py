"""The copying model against the sum over every path of a tiny panel."""

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lowpass.imputation.li_stephens import (
    backward,
    emission_probabilities,
    forward,
    mismatch_probability,
    sample_path,
    stay_probabilities,
)


class Model(NamedTuple):
    emissions: NDArray[np.float32]
    stay: NDArray[np.float64]


def random_model(seed: int, sites: int = 4, haplotypes: int = 3) -> Model:
    rng = np.random.default_rng(seed)
    stay = rng.uniform(0.2, 1, size=sites)
    return Model(rng.uniform(0.01, 1, size=(sites, 1, haplotypes)).astype(np.float32), stay)


def path_probabilities(model: Model) -> dict[tuple[int, ...], float]:
    """Give every path its posterior, by the definition of the chain."""
    emissions, stay = model.emissions[:, 0].astype(np.float64), model.stay
    sites, haplotypes = emissions.shape
    weights = {}
    for path in itertools.product(range(haplotypes), repeat=sites):
        weight = emissions[0, path[0]] / haplotypes
        for site in range(1, sites):
            jump = (1 - stay[site]) / haplotypes
            weight *= jump + stay[site] * (path[site] == path[site - 1])
            weight *= emissions[site, path[site]]
        weights[path] = weight
    total = sum(weights.values())
    return {path: weight / total for path, weight in weights.items()}


def state_probabilities(model: Model) -> NDArray[np.float64]:
    """Sum the posteriors of the paths through each state, shape (sites, haplotypes)."""
    sites, _, haplotypes = model.emissions.shape
    result = np.zeros((sites, haplotypes))
    for path, probability in path_probabilities(model).items():
        result[np.arange(sites), path] += probability
    return result


@given(seed=st.integers(0, 10_000), sites=st.integers(1, 5), haplotypes=st.integers(2, 4))
def test_forward_and_backward_give_the_exact_posterior_of_each_state(
    seed: int, sites: int, haplotypes: int
) -> None:
    model = random_model(seed, sites, haplotypes)

    # both hold the emission of their own site, so one of them is divided out
    product = forward(*model) * backward(*model) / model.emissions
    posterior = product / product.sum(axis=2, keepdims=True)

    np.testing.assert_allclose(posterior[:, 0], state_probabilities(model), rtol=1e-4, atol=1e-6)


def test_forward_rows_of_chains_side_by_side_are_those_of_each_chain_alone() -> None:
    first, second = random_model(1), random_model(2)

    both = forward(np.concatenate([first.emissions, second.emissions], axis=1), first.stay)

    np.testing.assert_allclose(both[:, :1], forward(first.emissions, first.stay), rtol=1e-6)
    np.testing.assert_allclose(both[:, 1:], forward(second.emissions, first.stay), rtol=1e-6)


def test_sampled_paths_are_as_frequent_as_their_exact_posterior() -> None:
    model = random_model(7, sites=3, haplotypes=2)
    rows, rng = forward(*model)[:, 0], np.random.default_rng(3)
    draws = 20_000

    paths = [tuple(sample_path(rows, model.stay, rng).tolist()) for _ in range(draws)]

    for path, probability in path_probabilities(model).items():
        # five standard deviations of a binomial share
        tolerance = 5 * (probability * (1 - probability) / draws) ** 0.5
        assert paths.count(path) / draws == pytest.approx(probability, abs=tolerance)


def test_a_path_never_jumps_where_there_is_no_recombination() -> None:
    rows = forward(random_model(5, sites=50).emissions, np.ones(50))[:, 0]

    path = sample_path(rows, np.ones(50), np.random.default_rng(0))

    assert len(set(path.tolist())) == 1


def test_emissions_weigh_a_mismatch_by_its_chance() -> None:
    copied = np.array([[0, 1]], dtype=np.uint8)
    likelihoods = np.array([[[0.9, 0.1]]])

    emissions = emission_probabilities(copied, likelihoods, 0.25)

    # 0.9 x 0.75 + 0.1 x 0.25 = 0.7 for a copied 0, and 0.9 x 0.25 + 0.1 x 0.75 = 0.3 for a copied 1
    np.testing.assert_allclose(emissions, [[[1, 0.3 / 0.7]]], rtol=1e-6)


def test_the_mismatch_chance_of_three_haplotypes_is_that_of_the_paper() -> None:
    # theta = 1 / (1 + 1/2) = 2/3, and (2/3) / (2 (3 + 2/3)) = 1/11
    assert mismatch_probability(3) == pytest.approx(1 / 11)


def test_the_chance_to_stay_falls_with_distance_as_in_the_paper() -> None:
    stay = stay_probabilities(np.array([0.0, 0.001]), haplotypes=8, effective_size=2_000)

    # exp(-4 x 2000 x 0.001 / 8) = exp(-1)
    np.testing.assert_allclose(stay, [1, np.exp(-1)])
