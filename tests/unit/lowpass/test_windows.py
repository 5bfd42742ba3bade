"""Windows that overlap: how a panel is cut, and what comes of joining them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lowpass.imputation.diploid import Settings
from lowpass.imputation.genetic_map import read_map
from lowpass.imputation.windows import (
    BUFFER_BASES,
    Window,
    WindowsError,
    impute_by_windows,
    plan,
    window_to_join,
)
from lowpass.variants import Sites, read_haplotypes, read_numbers
from tests.unit.lowpass.building import Region


def sites_at(positions: list[int]) -> Sites:
    return Sites("20", np.array(positions), ("A",) * len(positions), ("G",) * len(positions))


@given(
    positions=st.lists(st.integers(1, 3_000_000), min_size=1, max_size=60).map(sorted),
    alleles_at_once=st.integers(1, 200),
)
def test_cores_make_up_the_panel_and_buffers_reach_beyond_them(
    positions: list[int], alleles_at_once: int
) -> None:
    windows = plan(sites_at(positions), 4, alleles_at_once)

    assert [row for window in windows for row in range(len(positions))[window.core]] == [
        *range(len(positions))
    ]
    for window in windows:
        first, last = positions[window.core.start], positions[window.core.stop - 1]
        near = [row for row, at in enumerate(positions) if first - BUFFER_BASES <= at <= last + BUFFER_BASES]
        assert [*range(len(positions))[window.whole]] == near
        assert (window.region.start, window.region.end) == (positions[near[0]], positions[near[-1]])
    # sites of one position are in one core
    starts = [positions[window.core.start] for window in windows]
    assert len(set(starts)) == len(starts)


def test_a_small_panel_is_one_window() -> None:
    (window,) = plan(sites_at([1, 5, 9]), 600)

    assert window.core == window.whole == slice(0, 3)


def test_windows_joined_are_nearly_the_whole(region: Region, chain: Path) -> None:
    # GIVEN one person's likelihoods over half a megabase, in one window and in four
    sites, phred = read_numbers(chain / "likelihoods.bcf", "PL")
    morgans = read_map(region.genetic_map, sites).morgans(sites)

    def read(window: Window) -> NDArray[np.uint8]:
        return read_haplotypes(region.panel, sites.rows(window.whole), window.region)

    one, four = (
        impute_by_windows(
            plan(sites, 600, alleles), read, morgans, 10 ** (-phred / 10), settings=Settings(states=100)
        )
        for alleles in (10**9, 600 * len(sites) // 4 + 600)
    )

    # THEN dosages hardly differ, and the phase of one window goes on in the next
    assert np.corrcoef(one.imputed.dosages, four.imputed.dosages)[0, 1] ** 2 > 0.97
    np.testing.assert_array_equal(one.frequencies, four.frequencies)
    heterozygous = (one.imputed.alleles.sum(axis=1) == 1) & (four.imputed.alleles.sum(axis=1) == 1)
    same = (one.imputed.alleles == four.imputed.alleles)[heterozygous, 0]
    switches = np.count_nonzero(np.diff(same))
    assert switches / len(same) < 0.1


def test_a_window_without_a_read_is_imputed_by_the_panels_frequencies() -> None:
    sites = sites_at([1, 5])
    panel = np.array([[0, 1], [0, 0]], dtype=np.uint8)

    found = impute_by_windows(
        plan(sites, 2), lambda _window: panel, np.zeros(2), np.ones((2, 3)), settings=Settings()
    )

    assert found.imputed.posteriors.tolist() == [[0.25, 0.5, 0.25], [1, 0, 0]]


def test_windows_that_would_overlap_more_than_their_neighbours_are_refused() -> None:
    # GIVEN cores of half a megabase, so that windows meet at most where the next but one begins
    wide = sites_at([*range(1, 1_500_001, 1_000)])

    assert window_to_join(wide, 3, 1).core == slice(500, 1000)
    with pytest.raises(WindowsError, match="4 windows are too many for 1,500 sites on 1,499,001 bases"):
        window_to_join(wide, 4, 1)
    with pytest.raises(WindowsError, match="3 windows are too many for 2 sites"):
        window_to_join(sites_at([1, 2_000_000]), 3, 0)
