"""The Li and Stephens model: a haplotype is an imperfect mosaic of the haplotypes of a panel.

Li N, Stephens M. Modeling linkage disequilibrium and identifying recombination hotspots using single-
nucleotide polymorphism data. Genetics 165:2213-2233 (2003). <https://doi.org/10.1093/genetics/165.4.2213>

A hidden Markov chain runs along the sites; its state is the panel haplotype that is copied. Between two
sites the chain stays where it is, or it jumps to any haplotype of the panel with equal chance. A person is
two such chains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mismatch_probability(haplotypes: int) -> float:
    """Return the chance that a copied allele differs from its original.

    It is theta / (2 (K + theta)) with Watterson's theta = 1 / (1 + 1/2 + ... + 1/(K-1)): Li and Stephens
    2003, appendix A.
    """
    theta = 1 / np.sum(1 / np.arange(1, haplotypes))
    return float(theta / (2 * (haplotypes + theta)))


def stay_probabilities(
    morgans: NDArray[np.float64], *, haplotypes: int, effective_size: float
) -> NDArray[np.float64]:
    """Return the chance of no jump since the site before, shape (sites,); 1 at the first one.

    It is exp(-4 Ne d / K) for d morgans: Li and Stephens 2003, formula A1.

    Args:
        morgans: genetic positions in rising order, shape (sites,).
        haplotypes: how many there are to copy from, K.
        effective_size: the population's effective size, Ne.
    """
    distances = np.diff(morgans, prepend=morgans[:1])
    return np.exp(-4 * effective_size * distances / haplotypes)


def genotype_given_copied(mismatch: float) -> NDArray[np.float64]:
    """Return the chance of 0, 1 and 2 ALT alleles when 0, 1 and 2 are copied, shape (copied, genotypes)."""
    same, other = 1 - mismatch, mismatch
    return np.array(
        [
            [same * same, 2 * same * other, other * other],
            [same * other, same * same + other * other, same * other],
            [other * other, 2 * same * other, same * same],
        ]
    )
