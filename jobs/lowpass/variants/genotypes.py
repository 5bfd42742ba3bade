"""Genotypes as bcftools prints them, turned into alleles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from lowpass.variants.htslib import VariantFileError, queried, read_samples

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lowpass.variants.regions import Region
    from lowpass.variants.sites import Sites

# bounds the memory; more lines at once are no faster
_LINES_AT_ONCE = 2_000
_PHASED_LINE = re.compile(rb"([01](\|[01])?)+\n")
_PHASED = re.compile(r"[01](\|[01])?")
_DIPLOID = re.compile(r"[01][|/][01]")


def phased_alleles(path: Path, sites: Sites, region: Region | None = None) -> NDArray[np.uint8]:
    """Read the alleles of phased genotypes, shape (sites, haplotypes).

    Args:
        path: the VCF or BCF file.
        sites: its sites, in the region.
        region: what to read of it; all without one.

    Raises:
        VariantFileError: naming the first genotype that is missing, not phased, or of another number of
            alleles than the same person's first one.
    """
    with queried(path, "[%GT]\n", region=region) as text:
        alleles = _alleles_in(text, len(sites))
    if alleles is None:
        raise _first_fault(path, sites, region)
    return alleles


def _alleles_in(text: Path, sites: int) -> NDArray[np.uint8] | None:
    """Turn lines such as `0|11|00` into alleles; None unless all have the form of a phased panel's first one.

    Alleles are one digit, so lines whose separators are at the same places are of the same ploidies.
    """
    with text.open("rb") as file:
        first = file.readline()
    characters = np.memmap(text, dtype=np.uint8, mode="r")
    if len(characters) != sites * len(first) or not _PHASED_LINE.fullmatch(first):
        return None
    template = np.frombuffer(first.replace(b"1", b"0"), dtype=np.uint8)
    where = np.flatnonzero(template == ord("0"))
    # the last bit tells 0 from 1
    allowed = np.zeros(len(first), dtype=np.uint8)
    allowed[where] = 1
    table = characters.reshape(sites, -1)
    alleles = np.empty((sites, len(where)), dtype=np.uint8)
    for start in range(0, sites, _LINES_AT_ONCE):
        rows = slice(start, start + _LINES_AT_ONCE)
        differences = table[rows] ^ template
        if np.any(differences > allowed):
            return None
        alleles[rows] = differences.take(where, axis=1)
    return alleles


def two_alleles(path: Path, sites: Sites, cells: list[str]) -> NDArray[np.uint8]:
    """Return one person's alleles in the order of the file, phased or not, shape (sites, 2).

    Args:
        path: the VCF or BCF file, for messages.
        sites: its sites.
        cells: the person's genotype at each of them.

    Raises:
        VariantFileError: naming the first genotype that is missing or haploid.
    """
    for cell, key in zip(cells, sites.keys, strict=True):
        if not _DIPLOID.fullmatch(cell):
            raise VariantFileError(
                f"{path.name} has the genotype {cell} at {key.contig}:{key.position}; "
                f"two known alleles are needed, so drop such sites: bcftools view -g ^miss {path.name}"
            )
    return np.array([(int(cell[0]), int(cell[2])) for cell in cells], dtype=np.uint8)


def _first_fault(path: Path, sites: Sites, region: Region | None) -> VariantFileError:
    """Say what is wrong with the first genotype that is none of a phased panel."""
    with queried(path, "[%GT\t]\n", region=region) as text, text.open() as lines:
        widths: list[int] = []
        for line, key in zip(lines, sites.keys, strict=True):
            cells = line.split()
            widths = widths or [len(cell) for cell in cells]
            for person, (cell, width) in enumerate(zip(cells, widths, strict=True)):
                if not _PHASED.fullmatch(cell) or len(cell) != width:
                    where = f"{cell} of {read_samples(path)[person]} at {key.contig}:{key.position}"
                    return VariantFileError(f"{path.name} has the genotype {where}; {_way_out(cell)}")
    return VariantFileError(f"{path.name} has no genotypes; a panel needs two haplotypes or more")


def _way_out(cell: str) -> str:
    if "." in cell:
        return (
            "a panel has no missing genotypes: drop such sites (bcftools view -g ^miss) or impute them first"
        )
    if "/" in cell:
        return "a panel is phased: phase it first, with SHAPEIT or Beagle for instance"
    if _PHASED.fullmatch(cell):
        return (
            "the same person has another number of alleles before; "
            "take the regions where that differs one by one, such as those of chromosome X (--region)"
        )
    return "a panel has one allele of 0 or 1, or two with | between them"
