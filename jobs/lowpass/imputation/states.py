"""Which haplotypes of a panel a person may copy, stretch by stretch.

The pairs of all haplotypes of a panel are too many; those that a person's reads speak for are few, and other
ones every tenth of a centimorgan. A state of the model is therefore a place that one panel haplotype after
the other takes, like the composite haplotypes of Browning, Zhou, Browning, American Journal of Human Genetics
103:338-348 (2018). <https://doi.org/10.1016/j.ajhg.2018.07.015>
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lowpass.imputation.kernels import copied_haplotypes

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEGMENT_MORGANS = 0.0005
# segments on either side whose reads speak for a haplotype too
_NEIGHBOURS = 4


def segments_of(morgans: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number the stretches in which the states are the same ones, from 0 on, shape (sites,)."""
    return np.unique(np.floor(morgans / SEGMENT_MORGANS), return_inverse=True)[1].astype(np.int64)


def choose_states(
    alleles: NDArray[np.uint8],
    stay: NDArray[np.float64],
    likelihoods: NDArray[np.float64],
    segments: NDArray[np.int64],
    states: int,
) -> NDArray[np.int64]:
    """Choose the haplotypes that explain the reads best, for each segment.

    One haplotype is looked at, whose partner has each allele as often as the panel. Its posterior speaks for
    both haplotypes of the person.

    Args:
        alleles: of the panel at the sites with reads, 0 or 1, shape (sites, haplotypes).
        stay: chance of no jump since the site before, shape (sites,).
        likelihoods: of the data when 0, 1 and 2 ALT alleles are copied, shape (sites, 3).
        segments: the segment of each site, shape (sites,).
        states: how many to choose.

    Returns:
        Columns of the panel, shape (segments, states); a haplotype keeps its place while it is chosen.
    """
    haplotypes = alleles.shape[1]
    if haplotypes <= states:
        return np.tile(np.arange(haplotypes), (segments[-1] + 1, 1))
    frequency = alleles.mean(axis=1)[:, None]
    emissions = likelihoods[:, :2] * (1 - frequency) + likelihoods[:, 1:] * frequency
    copied = copied_haplotypes(alleles, stay.astype(np.float32), emissions.astype(np.float32), segments)
    return _in_their_places(_best(_with_neighbours(copied), states))


def _with_neighbours(copied: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add to each segment's row those of its neighbours."""
    padded = np.pad(copied, ((_NEIGHBOURS, _NEIGHBOURS), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1, axis=0)
    total: NDArray[np.float32] = windows.sum(axis=2)
    return total


def _best(scores: NDArray[np.float32], states: int) -> NDArray[np.int64]:
    # a stable order makes the choice among equals the same everywhere
    return np.argsort(-scores, axis=1, kind="stable")[:, :states]


def _in_their_places(chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    places = chosen.copy()
    for before, row in pairwise(places):
        new = row[~np.isin(row, before)]
        gone = ~np.isin(before, row)
        row[:] = before
        row[gone] = new
    return places
