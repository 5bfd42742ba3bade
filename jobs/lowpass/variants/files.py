"""VCF and BCF files as arrays, read and written through bcftools.

Text in and out of bcftools is some ten times faster than pysam's objects, one a genotype.
"""

from __future__ import annotations

import difflib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pysam
from pysam import bcftools
from pysam.utils import SamtoolsError

from lowpass.errors import ArgumentError, LowpassError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_SITE_FORMAT = "%CHROM\t%POS\t%REF\t%ALT"
_DIGIT_ZERO = ord("0")
_GENOTYPE_WIDTH = len("0|1")


class VariantFileError(LowpassError):
    """Raised when a VCF or BCF file cannot be read, or does not hold what the command needs."""


class UnknownSampleError(ArgumentError):
    """Raised when a file has no sample of that name."""

    def __init__(self, sample: str, path: Path, known: list[str]) -> None:
        near = ", ".join(difflib.get_close_matches(sample, known)) or ", ".join(known[:3])
        super().__init__(
            f"{path.name} has no sample {sample!r}, but for instance {near}; "
            f"`bcftools query -l {path}` lists all {len(known)}"
        )


@dataclass(frozen=True)
class Sites:
    """The biallelic sites of one contig, in the order of their file.

    Attributes:
        contig: the contig's name.
        positions: 1-based position of the first base of REF, shape (sites,).
        references: REF alleles.
        alternates: ALT alleles.
    """

    contig: str
    positions: NDArray[np.int64]
    references: tuple[str, ...]
    alternates: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def keys(self) -> list[tuple[int, str, str]]:
        """What tells a site from every other: position, REF and ALT."""
        return list(zip(self.positions.tolist(), self.references, self.alternates, strict=True))

    @property
    def are_snps(self) -> NDArray[np.bool_]:
        """Whether REF and ALT are one base each, shape (sites,)."""
        return np.array([len(key[1]) == len(key[2]) == 1 for key in self.keys], dtype=np.bool_)


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


def read_sites(path: Path) -> Sites:
    """Read where the sites of a file are, and their alleles.

    Raises:
        VariantFileError: when it is no VCF or BCF file, has no sites or more than one contig.
    """
    return _read_columns(path, "")[0]


def read_panel(path: Path) -> Panel:
    """Read a reference panel's phased haplotypes.

    Raises:
        VariantFileError: when the file is damaged, or a genotype is missing, haploid or multi-allelic.
    """
    sites, columns = _read_columns(path, "[%GT]")
    return Panel(sites, _alleles(path, columns))


def read_genotypes(path: Path, sample: str) -> tuple[Sites, NDArray[np.uint8]]:
    """Read one sample's two alleles a site, in the order in which the file writes them.

    Returns:
        The sites, and 0 for REF or 1 for ALT, shape (sites, 2).

    Raises:
        UnknownSampleError: when the file has no such sample.
        VariantFileError: when the file is damaged, or a genotype is missing, haploid or multi-allelic.
    """
    known = read_samples(path)
    if sample not in known:
        raise UnknownSampleError(sample, path, known)
    sites, columns = _read_columns(path, "[%GT]", "-s", sample)
    return sites, _alleles(path, columns)


def read_samples(path: Path) -> list[str]:
    """List the names of the samples in a file."""
    try:
        with _quiet_htslib(), pysam.VariantFile(str(path)) as file:
            return list(file.header.samples)
    except (OSError, ValueError) as error:
        raise VariantFileError(f"{path.name} cannot be read as VCF or BCF: {error}") from error


def read_numbers(path: Path, field: str) -> tuple[Sites, NDArray[np.float64]]:
    """Read a numeric FORMAT field, such as PL or DS, of a file with one sample.

    Returns:
        The sites, and the numbers, shape (sites, values of the field).

    Raises:
        VariantFileError: when the file has more samples, or the field is absent or missing somewhere.
    """
    if len(samples := read_samples(path)) != 1:
        raise VariantFileError(f"{path.name} holds {len(samples)} samples; this command takes a file of one")
    sites, columns = _read_columns(path, f"[%{field}]")
    try:
        return sites, np.array([column.split(",") for column in columns], dtype=np.float64)
    except ValueError as error:
        raise VariantFileError(f"{path.name} has a site without a whole {field} field: {error}") from error


def write_bcf(
    path: Path, sites: Sites, *, sample: str, formats: Sequence[str], columns: Iterable[str]
) -> None:
    """Write one sample's FORMAT fields at the sites to a BCF file.

    Args:
        path: where to write.
        sites: the records, in the order of the file.
        sample: the sample's name.
        formats: header lines `##FORMAT=<ID=...>`, in the order of the fields in `columns`.
        columns: the sample's column of each record, as VCF spells it.

    Raises:
        VariantFileError: when that is not valid VCF: <https://samtools.github.io/hts-specs/VCFv4.3.pdf>.
    """
    keys = ":".join(line.split("ID=", 1)[1].split(",", 1)[0] for line in formats)
    text = path.with_name(f"{path.name}.vcf")
    with text.open("w") as file:
        file.write("\n".join(("##fileformat=VCFv4.3", f"##contig=<ID={sites.contig}>", *formats, "")))
        file.write(f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample}\n")
        file.writelines(
            f"{sites.contig}\t{position}\t.\t{reference}\t{alternate}\t.\t.\t.\t{keys}\t{column}\n"
            for (position, reference, alternate), column in zip(sites.keys, columns, strict=True)
        )
    try:
        # without the version lines, the same input always gives the same bytes
        with _quiet_htslib():
            bcftools.view("--no-version", "-Ob", "-o", str(path), str(text), catch_stdout=False)
    except SamtoolsError as error:
        raise VariantFileError(f"bcftools did not write {path.name}: {error}") from error
    finally:
        text.unlink()


def _read_columns(path: Path, column: str, *arguments: str) -> tuple[Sites, list[str]]:
    lines = _query(path, "-f", f"{_SITE_FORMAT}\t{column}\n", *arguments).splitlines()
    if not lines:
        raise VariantFileError(f"{path.name} has no sites")
    contigs, positions, references, alternates, values = zip(
        *(line.split("\t", 4) for line in lines), strict=True
    )
    if len(names := sorted(set(contigs))) > 1:
        raise VariantFileError(f"{path.name} has sites on {', '.join(names)}; give a file of one contig")
    return Sites(names[0], np.array(positions, dtype=np.int64), references, alternates), list(values)


def _alleles(path: Path, columns: list[str]) -> NDArray[np.uint8]:
    """Turn lines such as `0|11|0` into alleles, shape (sites, 2 x samples)."""
    text = np.frombuffer("".join(columns).encode(), dtype=np.uint8)
    genotypes = text.reshape(len(columns), -1) if len({len(column) for column in columns}) == 1 else None
    if genotypes is None or genotypes.shape[1] % _GENOTYPE_WIDTH:
        raise VariantFileError(f"{path.name} has genotypes other than two alleles of 0 or 1; drop such sites")
    alleles = np.delete(genotypes, np.s_[1::_GENOTYPE_WIDTH], axis=1) - _DIGIT_ZERO
    if alleles.max(initial=0) > 1:
        raise VariantFileError(f"{path.name} has missing or multi-allelic genotypes; drop such sites")
    return alleles


def _query(path: Path, *arguments: str) -> str:
    try:
        with _quiet_htslib():
            return str(bcftools.query(*arguments, str(path)))
    except SamtoolsError as error:
        raise VariantFileError(f"{path.name} cannot be read as VCF or BCF: {error}") from error


@contextmanager
def _quiet_htslib() -> Iterator[None]:
    """Keep back remarks on headers and absent indexes; what is an error is raised as an exception anyway."""
    level = pysam.set_verbosity(0)
    try:
        yield
    finally:
        pysam.set_verbosity(level)
