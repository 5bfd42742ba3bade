"""Which alleles lie on the same haplotype: a vote of paths that were drawn from the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def vote(
    alleles: NDArray[np.uint8],
    slots: NDArray[np.int64],
    covered: NDArray[np.int64],
    paths: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Say for each site whether ALT is on the first haplotype or on the second.

    Which haplotype of a drawn pair is the first one is chance, so each pair is first turned to agree with the
    consensus of the sites before.

    Args:
        alleles: of the panel, 0 or 1, shape (sites, haplotypes).
        slots: the panel's haplotypes that are the states at each covered site, shape (covered, states).
        covered: rows of the sites where the paths are known, rising.
        paths: the drawn states, shape (covered, paths, 2).

    Returns:
        Above 0 where the first haplotype has ALT and the second has not, below 0 where it is the other way
        round; 0 where no path tells. Shape (sites,).
    """
    nearest = np.clip(np.searchsorted(covered, np.arange(len(alleles)), side="right") - 1, 0, None)
    copied = np.take_along_axis(slots[:, None, :], paths, axis=2)[nearest]
    here = alleles[np.arange(len(alleles))[:, None, None], copied].astype(np.int64)
    differences = here[:, :, 0] - here[:, :, 1]
    result = np.zeros(len(alleles), dtype=np.int64)
    turned = np.ones(differences.shape[1], dtype=np.int64)
    # the consensus fades, so that a switch of most paths becomes the consensus
    memory = np.zeros(differences.shape[1])
    for site in np.flatnonzero(differences.any(axis=1)):
        now = differences[site]
        result[site] = np.sign((now * turned).sum()) or 1
        memory = 0.9 * memory + result[site] * now
        turned = np.where(memory < 0, -1, 1)
    return result
