"""From the sites that reads cover to every site of the panel.

A site without reads has no emission, so the chain need not stop there: its posterior follows exactly from the
forward row of the covered site to its left and the backward row of the covered site to its right. Only the
carriers of the rarer allele are summed, which most sites have few of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from lowpass.li_stephens import stay_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class BetweenSites:
    """Where each panel site lies among the covered ones; build it with `of`.

    Attributes:
        left: row of the nearest covered site at or before each site, shape (sites,).
        right: row of the nearest covered site after it, shape (sites,).
        stay_left: chance of no recombination since `left`; 0 where there is no covered site, shape (sites,).
        stay_right: likewise until `right`, shape (sites,).
        carrier_sites: the site of each carrier of the rarer allele, in rising order, shape (carriers,).
        carriers: its haplotype, shape (carriers,).
        is_alternate_rarer: whether the rarer allele is ALT, shape (sites,).
        haplotypes: how many the panel has.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    stay_left: NDArray[np.float32]
    stay_right: NDArray[np.float32]
    carrier_sites: NDArray[np.int32]
    carriers: NDArray[np.int32]
    is_alternate_rarer: NDArray[np.bool_]
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
        sites, carriers = np.nonzero(haplotypes == is_alternate_rarer[:, None])
        return cls(
            left=left,
            right=right,
            stay_left=stay(left, after > 0),
            stay_right=stay(right, after < len(covered)),
            carrier_sites=sites.astype(np.int32),
            carriers=carriers.astype(np.int32),
            is_alternate_rarer=is_alternate_rarer,
            haplotypes=haplotypes.shape[1],
        )

    def copied_alternates(
        self, forward: NDArray[np.float32], backward: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return the chance that the copied allele is ALT, for every site of the panel, shape (sites,).

        Args:
            forward: rows of the covered sites, each summing to 1, shape (covered, haplotypes).
            backward: likewise.
        """
        rarer = np.bincount(
            self.carrier_sites,
            weights=self._carrier_weights(forward, backward),
            minlength=len(self.left),
        )
        # the sum over all haplotypes of the product that _carrier_weights takes for the carriers
        stay_both = self.stay_left * self.stay_right
        products = np.append(np.einsum("sh,sh->s", forward[:-1], backward[1:]), np.float32(0))
        total = stay_both * products[self.left] + (1 - stay_both) / self.haplotypes
        chances: NDArray[np.float64] = np.minimum(rarer / total, 1)
        return np.where(self.is_alternate_rarer, chances, 1 - chances)

    def _carrier_weights(
        self, forward: NDArray[np.float32], backward: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        def moved(
            rows: NDArray[np.float32], row: NDArray[np.int64], stay: NDArray[np.float32]
        ) -> NDArray[np.float32]:
            at_site = stay[self.carrier_sites]
            weights = rows[row[self.carrier_sites], self.carriers]
            weights *= at_site
            weights += (1 - at_site) / self.haplotypes
            return weights

        return moved(forward, self.left, self.stay_left) * moved(backward, self.right, self.stay_right)
