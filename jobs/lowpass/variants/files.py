"""Reading and writing VCF and BCF files as arrays."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

import numpy as np
from pysam import bcftools
from pysam.utils import SamtoolsError

from lowpass.errors import ArgumentError
from lowpass.variants.genotypes import two_alleles
from lowpass.variants.htslib import VariantFileError, queried, quiet_htslib, read_samples, reason
from lowpass.variants.regions import RegionError
from lowpass.variants.sites import sites_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lowpass.variants.regions import Region
    from lowpass.variants.sites import Sites

# of a diploid genotype at a site of two alleles
_VALUES = {"PL": 3, "GP": 3, "AD": 2, "DS": 1}
_SITE = "%CHROM\t%POS\t%REF\t%ALT"


class UnknownSampleError(ArgumentError):
    """Raised when a file has no sample of that name."""

    def __init__(self, sample: str, path: Path, known: list[str]) -> None:
        near = ", ".join(difflib.get_close_matches(sample, known)) or ", ".join(known[:3])
        super().__init__(
            f"{path.name} has no sample {sample!r}, but for instance {near}; "
            f"`bcftools query -l {path}` lists all {len(known)}"
        )


def read_sites(path: Path, region: Region | None = None) -> Sites:
    """Read where the sites of a file are, and their alleles.

    Args:
        path: a VCF or BCF file.
        region: what to read of it; all without one.

    Raises:
        RegionError: when no site is in the region.
        VariantFileError: when it is no VCF or BCF file, has no sites or more than one contig, or a site is
            out of order, there twice, or not of one ALT allele.
    """
    return _read_records(path, "", region=region)[0]


def read_genotypes(path: Path, sample: str) -> tuple[Sites, NDArray[np.uint8]]:
    """Read one sample's two alleles a site, in the order in which the file writes them.

    Returns:
        The sites, and 0 for REF or 1 for ALT, shape (sites, 2).

    Raises:
        UnknownSampleError: when the file has no such sample.
        VariantFileError: when the file is damaged, or a genotype is missing or haploid.
    """
    known = read_samples(path)
    if sample not in known:
        raise UnknownSampleError(sample, path, known)
    sites, columns = _read_records(path, "[%GT]", "-s", sample)
    return sites, two_alleles(path, sites, columns)


def read_numbers(path: Path, field: str, region: Region | None = None) -> tuple[Sites, NDArray[np.float64]]:
    """Read the PL, AD, DS or GP of a file with one sample.

    Returns:
        The sites, and the numbers, shape (sites, values of the field).

    Raises:
        VariantFileError: when the file has more samples, or the field is absent or missing somewhere, or is
            not of a diploid person at a site of two alleles.
    """
    if len(samples := read_samples(path)) != 1:
        raise VariantFileError(f"{path.name} holds {len(samples)} samples; this command takes a file of one")
    sites, columns = _read_records(path, f"[%{field}]", region=region)
    width = _VALUES[field]
    try:
        numbers = np.loadtxt(columns, delimiter=",", comments=None, ndmin=2)
    except ValueError:
        numbers = None
    if numbers is None or numbers.shape[1] != width or not (numbers >= 0).all() or np.isinf(numbers).any():
        row = next((row for row, text in enumerate(columns) if not _are_numbers(text, width)))
        raise VariantFileError(
            f"{path.name} has the {field} {columns[row][:40]} at {sites.key(row)}; "
            f"it must be {width} number{'s' if width > 1 else ''} of 0 or more"
        )
    return sites, numbers


def _are_numbers(text: str, count: int) -> bool:
    try:
        numbers = [float(each) for each in text.split(",")]
    except ValueError:
        return False
    return len(numbers) == count and all(0 <= each < float("inf") for each in numbers)


def write_bcf(
    path: Path, sites: Sites, *, sample: str, header: Sequence[str], records: Iterable[tuple[str, str]]
) -> None:
    """Write what is known of one sample at the sites to a BCF file.

    Args:
        path: where to write.
        sites: the records, in the order of the file.
        sample: the sample's name.
        header: lines `##INFO=<ID=...>` and `##FORMAT=<ID=...>`, these in the order of the sample's fields.
        records: INFO and the sample's column of each record, as VCF spells them.

    Raises:
        VariantFileError: when that is not valid VCF: <https://samtools.github.io/hts-specs/VCFv4.3.pdf>.
    """
    fields = [line.removeprefix("##FORMAT=<ID=") for line in header if line.startswith("##FORMAT")]
    keys = ":".join(field.split(",", 1)[0] for field in fields)
    text = path.with_name(f"{path.name}.vcf")
    rows = zip(sites.positions.tolist(), sites.references, sites.alternates, records, strict=True)
    with text.open("w") as file:
        file.write("\n".join(("##fileformat=VCFv4.3", f"##contig=<ID={sites.contig}>", *header, "")))
        file.write(f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample}\n")
        file.writelines(
            f"{sites.contig}\t{position}\t.\t{reference}\t{alternate}\t.\t.\t{info}\t{keys}\t{column}\n"
            for position, reference, alternate, (info, column) in rows
        )
    try:
        # without the version lines, the same input always gives the same bytes
        with quiet_htslib():
            bcftools.view("--no-version", "-Ob", "-o", str(path), str(text), catch_stdout=False)
    except SamtoolsError as error:
        raise VariantFileError(f"bcftools did not write {path.name}: {reason(error)}") from error
    finally:
        text.unlink()


def _read_records(
    path: Path, column: str, *arguments: str, region: Region | None = None
) -> tuple[Sites, list[str]]:
    """Return the sites of a file, and of each a column that is no longer than a word."""
    columns: list[str] = []

    def places(lines: Iterable[str]) -> Iterator[list[str]]:
        for line in lines:
            *site, text = line.removesuffix("\n").split("\t")
            # a chromosome has millions of sites and few different words
            columns.append(sys.intern(text))
            yield site

    with (
        queried(path, f"{_SITE}\t{column}\n", *arguments, region=region) as text,
        text.open(errors="replace") as lines,
    ):
        sites = sites_of(path.name, places(lines))
    if not len(sites) and region:
        raise RegionError(f"{path.name} has no sites in {region}")
    if not len(sites):
        raise VariantFileError(f"{path.name} has no sites")
    return sites, columns
