"""One haplotype as a mosaic of a panel: the forward-backward algorithm over all haplotypes, compiled.

Numba compiles at the first run and keeps the result beside the source, or in NUMBA_CACHE_DIR. The order in
which floating-point numbers are added is the compiler's choice, so results agree to some six digits between
architectures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Numba's decorators have no types
compiled: Callable[..., Any] = njit(cache=True, fastmath=True, error_model="numpy")
# A part of a compiled function. One that is linked may be optimized otherwise than one from the cache, and
# then the first run would differ from the next in the last digits; an inlined one is compiled once.
part: Callable[..., Any] = njit(forceinline=True, fastmath=True, error_model="numpy")


@part
def _forward(
    alleles: NDArray[np.uint8], stay: NDArray[np.float32], emissions: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the chance of each state given the data up to and with each site, shape (sites, haplotypes)."""
    sites, haplotypes = alleles.shape
    forward = np.empty((sites, haplotypes), np.float32)
    for site in range(sites):
        total = np.float32(0)
        jump = (1 - stay[site]) / np.float32(haplotypes)
        reference, alternate = emissions[site, 0], emissions[site, 1]
        for k in range(haplotypes):
            before = forward[site - 1, k] if site else np.float32(1)
            value = (before * stay[site] + jump) * (alternate if alleles[site, k] else reference)
            forward[site, k] = value
            total += value
        scale = np.float32(1) / total
        for k in range(haplotypes):
            forward[site, k] *= scale
    return forward


@compiled
def copied_haplotypes(
    alleles: NDArray[np.uint8],
    stay: NDArray[np.float32],
    emissions: NDArray[np.float32],
    segments: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return how much one haplotype copies each of a panel, summed over the sites of every segment.

    Args:
        alleles: of the panel, 0 or 1, shape (sites, haplotypes).
        stay: chance of no jump since the site before, shape (sites,).
        emissions: likelihood of each site's data when 0 or 1 is copied, shape (sites, 2).
        segments: the segment of each site, from 0 on and rising, shape (sites,).

    Returns:
        Shape (segments, haplotypes).
    """
    forward = _forward(alleles, stay, emissions)
    result = np.zeros((segments[-1] + 1, alleles.shape[1]), np.float32)
    backward = np.ones(alleles.shape[1], np.float32)
    for site in range(len(alleles) - 1, -1, -1):
        scale = np.float32(1) / np.sum(forward[site] * backward)
        total = np.float32(0)
        reference, alternate = emissions[site, 0], emissions[site, 1]
        for k in range(len(backward)):
            result[segments[site], k] += forward[site, k] * backward[k] * scale
            backward[k] *= alternate if alleles[site, k] else reference
            total += backward[k]
        jump = (1 - stay[site]) / np.float32(len(backward))
        scale = stay[site] / total
        for k in range(len(backward)):
            backward[k] = backward[k] * scale + jump
    return result
