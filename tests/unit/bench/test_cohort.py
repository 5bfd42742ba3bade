"""The cohort that every contender is given."""

from statistics import mean, median

import pytest

from bench.cohort import CLIP_FACTOR, Cohort


def test_a_sample_has_the_same_lengths_in_a_cohort_of_any_size() -> None:
    assert Cohort(3, 7, 2.0).seconds("s0002") == Cohort(3000, 7, 2.0).seconds("s0002")
    assert Cohort(3, 7, 2.0).seconds("s0002") != Cohort(3, 8, 2.0).seconds("s0002")


def test_samples_are_numbered() -> None:
    assert Cohort(2, 1, 1.0).sample_names() == ("s0000", "s0001")
    assert Cohort(2, 1, 1.0).jobs == 6


def test_lengths_are_log_normal_around_the_mean_and_clipped() -> None:
    cohort = Cohort(2000, 1, 4.0)
    lengths = [seconds for sample in cohort.sample_names() for seconds in cohort.seconds(sample)]
    assert mean(lengths) == pytest.approx(4.0, rel=0.05)
    assert median(lengths) == pytest.approx(4.0 * 0.8825, rel=0.05)
    assert 4.0 / CLIP_FACTOR <= min(lengths) < max(lengths) <= 4.0 * CLIP_FACTOR


def test_the_critical_path_is_the_mean_over_samples_of_their_three_lengths() -> None:
    cohort = Cohort(2, 1, 1.0)
    both = sum(cohort.seconds("s0000")) + sum(cohort.seconds("s0001"))
    assert cohort.critical_path_seconds() == pytest.approx(both / 2)


@pytest.mark.parametrize(("samples", "mean_seconds"), [(0, 1.0), (1, 0.0)])
def test_an_impossible_cohort_is_refused(samples: int, mean_seconds: float) -> None:
    with pytest.raises(ValueError, match=r"samples is 0|mean_seconds is 0"):
        Cohort(samples, 1, mean_seconds)
