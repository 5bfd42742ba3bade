"""Phased reference panels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lowpass.variants.files import read_sites
from lowpass.variants.genotypes import phased_alleles
from lowpass.variants.htslib import VariantFileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lowpass.variants.regions import Region
    from lowpass.variants.sites import Sites


@dataclass(frozen=True)
class Panel:
    """A phased reference panel.

    Attributes:
        sites: where the panel's people were genotyped.
        haplotypes: 0 for REF and 1 for ALT, shape (sites, haplotypes).
    """

    sites: Sites
    haplotypes: NDArray[np.uint8]

    @property
    def minor_allele_frequencies(self) -> NDArray[np.float64]:
        """The share of the rarer allele at each site, 0 to 0.5, shape (sites,)."""
        alternate = self.haplotypes.mean(axis=1, dtype=np.float64)
        rarer: NDArray[np.float64] = np.minimum(alternate, 1 - alternate)
        return rarer


def read_panel(path: Path, region: Region | None = None) -> Panel:
    """Read a reference panel's phased haplotypes: two of a diploid genotype, one of a haploid one.

    Args:
        path: a VCF or BCF file.
        region: what to read of it; all without one.

    Raises:
        RegionError: when no site is in the region.
        VariantFileError: when the file is damaged or its sites are not in order, a genotype is missing or not
            phased, or a person has sometimes one allele and sometimes two.
    """
    sites = read_sites(path, region)
    return Panel(sites, read_haplotypes(path, sites, region))


def read_haplotypes(path: Path, sites: Sites, region: Region | None = None) -> NDArray[np.uint8]:
    """Read the haplotypes of a panel whose sites are known already, shape (sites, haplotypes).

    Raises:
        VariantFileError: as `read_panel`.
    """
    haplotypes = phased_alleles(path, sites, region)
    if haplotypes.shape[1] < 2:
        raise VariantFileError(f"{path.name} has {haplotypes.shape[1]} haplotypes; a panel needs two or more")
    return haplotypes
