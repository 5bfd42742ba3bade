"""The figures of merit against NumPy's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowpass.accuracy import FREQUENCY_BINS, mean_accuracy, sample_accuracy, squared_correlation


@given(st.integers(0, 10_000), st.integers(2, 50))
def test_the_squared_correlation_is_the_square_of_numpys(seed: int, sites: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=sites).astype(np.float64)
    truth[:2] = 0, 1
    dosages = rng.uniform(0, 2, size=sites)

    assert squared_correlation(dosages, truth) == pytest.approx(np.corrcoef(dosages, truth)[0, 1] ** 2)


@pytest.mark.parametrize("dosages", [[], [1.0, 1.0]])
def test_there_is_no_correlation_with_what_does_not_vary(dosages: list[float]) -> None:
    values = np.array(dosages)

    assert squared_correlation(values, np.arange(len(values), dtype=np.float64)) is None


def test_sites_fall_into_the_bins_of_their_panel_frequency() -> None:
    # a site at an edge belongs to the bin below it, and a monomorphic one to none
    frequencies = np.array([0.0, 0.001, 0.05, 0.06, 0.1, 0.5])
    dosages = truth = np.arange(6, dtype=np.float64)

    accuracy = sample_accuracy(dosages, truth, frequencies)

    assert [(found.lower, found.upper) for found in accuracy.bins] == list(FREQUENCY_BINS)
    assert [found.sites for found in accuracy.bins] == [1, 0, 0, 1, 2, 0, 1]
    assert accuracy.common.sites == 3
    assert accuracy.common.r2 == pytest.approx(1)


def test_the_mean_leaves_out_samples_without_a_figure() -> None:
    frequencies = np.full(4, 0.2)
    truth = np.array([0.0, 1, 2, 1])
    samples = [
        sample_accuracy(dosages, truth, frequencies)
        for dosages in (truth, np.array([0.0, 0, 2, 2]), np.zeros(4))
    ]

    # the second sample: covariance 1/2, variances 1 and 1/2, so r2 = 1/2
    assert mean_accuracy(samples).common.r2 == pytest.approx((1 + 0.5) / 2)
    assert mean_accuracy(samples[2:]).common.r2 is None
