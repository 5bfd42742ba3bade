"""Genotypes as bcftools prints them, turned into alleles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from lowpass.variants.htslib import VariantFileError, read_samples

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lowpass.variants.sites import Sites

# bounds the memory; more lines at once are no faster
_LINES_AT_ONCE = 2_000
_PHASED = re.compile(r"[01](\|[01])?")
_DIPLOID = re.compile(r"[01][|/][01]")
_ZERO, _ONE = b"01"


def phased_alleles(path: Path, sites: Sites, text: Path) -> NDArray[np.uint8]:
    """Return the alleles of phased genotypes, shape (sites, haplotypes).

    Args:
        path: the VCF or BCF file, for messages.
        sites: its sites.
        text: the genotypes of one site a line, a tab after each.

    Raises:
        VariantFileError: naming the first genotype that is missing, not phased, or of another number of
            alleles than the same person's first one.
    """
    with text.open("rb") as file:
        first = file.readline()
    template = np.frombuffer(re.sub(rb"[01]", b"0", first), dtype=np.uint8)
    is_allele = template == _ZERO
    characters = np.memmap(text, dtype=np.uint8, mode="r")
    if len(characters) != len(sites) * len(template) or not _are_phased(first):
        raise _first_fault(path, sites, text)
    table = characters.reshape(len(sites), -1)
    alleles = np.empty((len(sites), int(is_allele.sum())), dtype=np.uint8)
    for start in range(0, len(sites), _LINES_AT_ONCE):
        rows = slice(start, start + _LINES_AT_ONCE)
        if np.any(np.where(is_allele, table[rows] & ~np.uint8(1), table[rows]) != template):
            raise _first_fault(path, sites, text)
        alleles[rows] = table[rows][:, is_allele] & 1
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


def _are_phased(line: bytes) -> bool:
    return all(_PHASED.fullmatch(cell) for cell in line.decode().split())


def _first_fault(path: Path, sites: Sites, text: Path) -> VariantFileError:
    """Say what is wrong with the first genotype that is none of a phased panel."""
    with text.open() as lines:
        widths: list[int] = []
        for line, key in zip(lines, sites.keys, strict=True):
            cells = line.split()
            widths = widths or [len(cell) for cell in cells]
            for person, (cell, width) in enumerate(zip(cells, widths, strict=True)):
                if not _PHASED.fullmatch(cell) or len(cell) != width:
                    where = f"{cell} of {read_samples(path)[person]} at {key.contig}:{key.position}"
                    return VariantFileError(f"{path.name} has the genotype {where}; {_way_out(cell)}")
    raise AssertionError(f"no fault in {text}")


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
