"""From the sites that reads cover to every site of the panel.

A site without reads has no emission, so the chain need not stop there: its posterior follows exactly from the
forward row of the covered site to its left and the backward row of the covered site to its right. Only the
carriers of the rarer allele are summed, which most sites have few of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from lowpass.imputation.li_stephens import stay_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class BetweenSites:
    """Where each panel site lies among the covered ones; build it with `of`.

    Attributes:
        left: row of the nearest covered site at or before each site, shape (sites,).
        stay_left: chance of no jump since `left`; 0 where there is no covered site, shape (sites,).
        stay_right: likewise until the next covered site after it, shape (sites,).
        is_alternate_rarer: whether the rarer allele is ALT, shape (sites,).
        carriers: every pair of a site and a haplotype that has the rarer allele there.
        haplotypes: how many the panel has.
    """

    left: NDArray[np.int64]
    stay_left: NDArray[np.float32]
    stay_right: NDArray[np.float32]
    is_alternate_rarer: NDArray[np.bool_]
    carriers: _Carriers
    haplotypes: int

    @classmethod
    def of(
        cls,
        haplotypes: NDArray[np.uint8],
        morgans: NDArray[np.float64],
        *,
        covered: NDArray[np.int64],
        effective_size: float,
    ) -> Self:
        """Place every site of a panel.

        Args:
            haplotypes: alleles of the panel, shape (sites, haplotypes).
            morgans: genetic positions, shape (sites,).
            covered: rows of the sites that have data, rising, at least one.
            effective_size: the population's effective size.
        """
        after = np.searchsorted(covered, np.arange(len(morgans)), side="right")
        left, right = np.maximum(after - 1, 0), np.minimum(after, len(covered) - 1)

        def stay(row: NDArray[np.int64], exists: NDArray[np.bool_]) -> NDArray[np.float32]:
            distances = np.abs(morgans - morgans[covered[row]])
            chances = stay_probabilities(
                distances, haplotypes=haplotypes.shape[1], effective_size=effective_size
            )
            return np.where(exists, chances, 0).astype(np.float32)

        is_alternate_rarer = haplotypes.mean(axis=1) <= 0.5
        stays = stay(left, after > 0), stay(right, after < len(covered))
        sites, carriers = np.nonzero(haplotypes == is_alternate_rarer[:, None])
        return cls(
            left,
            *stays,
            is_alternate_rarer,
            _Carriers(
                sites,
                left[sites] * haplotypes.shape[1] + carriers,
                right[sites] * haplotypes.shape[1] + carriers,
                stays[0][sites],
                stays[1][sites],
            ),
            haplotypes.shape[1],
        )

    def copied_alternates(
        self, forward: NDArray[np.float32], backward: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return the chance that the copied allele is ALT, for every site of the panel, shape (sites,).

        Args:
            forward: one chain's rows of the covered sites, each summing to 1, shape (covered, haplotypes).
            backward: likewise.
        """
        weights = self.carriers.weights(forward, backward)
        rarer = np.bincount(self.carriers.sites, weights=weights, minlength=len(self.left))
        # the same product as the weights, summed over all haplotypes
        stay_both = self.stay_left * self.stay_right
        products = np.append(np.einsum("sh,sh->s", forward[:-1], backward[1:]), np.float32(0))
        total = stay_both * products[self.left] + (1 - stay_both) / self.haplotypes
        chances: NDArray[np.float64] = np.minimum(rarer / total, 1)
        return np.where(self.is_alternate_rarer, chances, 1 - chances)


@dataclass(frozen=True)
class _Carriers:
    """Every pair of a site and a haplotype with the rarer allele; all arrays have the shape (pairs,).

    Attributes:
        sites: the site, in rising order.
        left: where the pair's haplotype is in the flattened forward rows, at the site's left neighbour.
        right: likewise in the backward rows, at its right neighbour.
        stay_left: chance of no jump from the left neighbour to the site.
        stay_right: likewise from the site to the right neighbour.
    """

    sites: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    stay_left: NDArray[np.float32]
    stay_right: NDArray[np.float32]

    def weights(self, forward: NDArray[np.float32], backward: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return each pair's unscaled posterior: the forward chance at its site times the backward one."""
        haplotypes = forward.shape[1]
        from_left: NDArray[np.float32] = np.ravel(forward)[self.left] * self.stay_left
        from_left += (1 - self.stay_left) / haplotypes
        from_right = np.ravel(backward)[self.right] * self.stay_right
        from_right += (1 - self.stay_right) / haplotypes
        from_left *= from_right
        return from_left
