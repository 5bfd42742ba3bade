"""The Li and Stephens model: a haplotype is an imperfect mosaic of the haplotypes of a panel.

Li N, Stephens M. Modeling linkage disequilibrium and identifying recombination hotspots using single-
nucleotide polymorphism data. Genetics 165:2213-2233 (2003). <https://doi.org/10.1093/genetics/165.4.2213>

A hidden Markov chain runs along the sites; its state is the panel haplotype that is copied. Between two
sites the chain stays where it is, or it jumps to any haplotype of the panel with equal chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
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
    """Return the chance of no jump over each genetic distance, in the distances' shape.

    It is exp(-4 Ne d / K) for d morgans: Li and Stephens 2003, formula A1.

    Args:
        morgans: genetic distances, not negative.
        haplotypes: how many there are to copy from, K.
        effective_size: the population's effective size, Ne.
    """
    return np.exp(-4 * effective_size * morgans / haplotypes)


def emission_probabilities(
    copied: NDArray[np.uint8], allele_likelihoods: NDArray[np.float64], mismatch: float
) -> NDArray[np.float32]:
    """Return how likely each site's data are if each panel haplotype is copied.

    Only ratios within a site matter, so the greater of its two values is scaled to 1.

    Args:
        copied: alleles of the panel, 0 or 1, shape (sites, haplotypes).
        allele_likelihoods: of the data when the allele is 0 or 1, for several independent chains at once,
            shape (sites, chains, 2).
        mismatch: chance that a copied allele differs from its original.

    Returns:
        Shape (sites, chains, haplotypes).
    """
    by_copied = allele_likelihoods @ np.array([[1 - mismatch, mismatch], [mismatch, 1 - mismatch]])
    by_copied = (by_copied / by_copied.max(axis=2, keepdims=True)).astype(np.float32)
    difference = by_copied[:, :, 1:] - by_copied[:, :, :1]
    emissions: NDArray[np.float32] = np.multiply(copied[:, None, :], difference, dtype=np.float32)
    emissions += by_copied[:, :, :1]
    return emissions


def forward(emissions: NDArray[np.float32], stay: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the chance of each state given the data up to and with each site.

    Args:
        emissions: shape (sites, chains, haplotypes).
        stay: chance of no jump between each site and the one before it, shape (sites,).

    Returns:
        Shape (sites, chains, haplotypes), summing to 1 over haplotypes.
    """
    chains, haplotypes = emissions.shape[1:]
    result = np.empty_like(emissions)
    row = np.full((chains, haplotypes), 1 / haplotypes, dtype=np.float32)
    ones = np.ones((haplotypes, 1), dtype=np.float32)
    # the loop is the cost of the whole program: nothing is allocated for a row, and a product is a quick sum
    jumps = ((1 - stay) / haplotypes).tolist()
    for out, emission, stays, jump in zip(result, emissions, stay.tolist(), jumps, strict=True):
        row = np.multiply(row, stays, out=out)
        row += jump
        row *= emission
        row /= row @ ones
    return result


def backward(emissions: NDArray[np.float32], stay: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the likelihood of the data at and after each site for each state, scaled to sum to 1.

    The chain is reversible (every jump is as likely as the jump back), so this is `forward` from the other
    end. It holds the emission of its own site, as `forward` does.
    """
    reversed_stay = np.concatenate([stay[:1], stay[:0:-1]])
    return forward(emissions[::-1], reversed_stay)[::-1]


def sample_path(
    forward_rows: NDArray[np.float32], stay: NDArray[np.float64], rng: Generator
) -> NDArray[np.int64]:
    """Draw the copied haplotype of every site of one chain from their joint posterior, last site first.

    The state before a known one is that same one, or the origin of a jump, which is any state by its forward
    weight (forward filtering, backward sampling: Scott 2002, <https://doi.org/10.1198/016214502753479464>).

    Args:
        forward_rows: one chain's, shape (sites, haplotypes).
        stay: as for `forward`.
        rng: the source of chance.

    Returns:
        Rows of the panel, shape (sites,).
    """
    sites, haplotypes = len(stay), forward_rows.shape[1]
    path = np.empty(sites, dtype=np.int64)
    uniforms, stays = rng.random(sites).tolist(), stay.tolist()
    state = _draw(forward_rows[-1], uniforms[-1])
    path[-1] = state
    for site in range(sites - 2, -1, -1):
        row = forward_rows[site]
        stayed = stays[site + 1] * float(row[state])
        jumped = (1 - stays[site + 1]) / haplotypes
        excess = uniforms[site] * (stayed + jumped) - stayed
        if excess > 0:
            state = _draw(row, excess / jumped)
        path[site] = state
    return path


def _draw(weights: NDArray[np.float32], uniform: float) -> int:
    cumulative = np.cumsum(weights, dtype=np.float64)
    index = int(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"))
    return min(index, len(weights) - 1)
