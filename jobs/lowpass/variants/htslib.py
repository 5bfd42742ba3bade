"""bcftools, as pysam brings it: what it prints goes to a file, and its errors are one sentence.

Text out of bcftools is some ten times faster than pysam's objects, one a genotype.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pysam
from pysam import bcftools
from pysam.utils import SamtoolsError

from lowpass.errors import LowpassError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lowpass.variants.regions import Region

# a damaged file can make htslib quote as much of it as it likes
_LONGEST_REASON = 300


class VariantFileError(LowpassError):
    """Raised when a VCF or BCF file cannot be read, or does not hold what the command needs."""


@contextmanager
def quiet_htslib() -> Iterator[None]:
    """Keep back remarks on headers and absent indexes; what is an error is raised as an exception anyway."""
    level = pysam.set_verbosity(0)
    try:
        yield
    finally:
        pysam.set_verbosity(level)


@contextmanager
def queried(path: Path, line: str, *arguments: str, region: Region | None = None) -> Iterator[Path]:
    """Give a file with one line for each record, which is gone afterwards.

    Args:
        path: a VCF or BCF file; with a region it needs no index, but is read faster with one.
        line: the line, as `bcftools query --format` has it.
        arguments: further options of `bcftools query`.
        region: only records that begin in it.

    Raises:
        VariantFileError: when the file cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="lowpass-") as folder:
        text = Path(folder) / "records.txt"
        places = _region_options(path, region) if region else ()
        try:
            with quiet_htslib():
                bcftools.query(
                    *("-f", line, *arguments, *places, "-o", str(text), str(path)), catch_stdout=False
                )
        except SamtoolsError as error:
            raise VariantFileError(f"{path.name} cannot be read as VCF or BCF: {reason(error)}") from error
        yield text


def read_samples(path: Path) -> list[str]:
    """List the names of the samples in a file."""
    try:
        with quiet_htslib(), pysam.VariantFile(str(path)) as file:
            return list(file.header.samples)
    except (OSError, ValueError) as error:
        raise VariantFileError(f"{path.name} cannot be read as VCF or BCF: {error}") from error


def reason(error: SamtoolsError) -> str:
    """Return the last line that samtools or bcftools wrote to standard error, cut to a sentence's length."""
    lines = str(error.value).rpartition("stderr=")[2].strip().splitlines()
    return (lines or ["no reason was given"])[-1].removeprefix("Error: ")[:_LONGEST_REASON]


def is_indexed(path: Path) -> bool:
    """Whether an index lies beside the file and is not older, so that a region need not be looked for."""
    indexes = [Path(f"{path}{suffix}") for suffix in (".csi", ".tbi")]
    return any(each.is_file() and each.stat().st_mtime >= path.stat().st_mtime for each in indexes)


@contextmanager
def indexed(path: Path) -> Iterator[Path]:
    """Give the same file under a name that has an index beside it, so that regions are found quickly.

    A file that cannot be indexed, such as plain VCF, is given as it is.
    """
    if is_indexed(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="lowpass-") as folder:
        link = Path(folder) / path.name
        link.symlink_to(path.resolve())
        try:
            with quiet_htslib():
                bcftools.index(str(link), catch_stdout=False)
        except SamtoolsError:
            link = path
        yield link


def _region_options(path: Path, region: Region) -> tuple[str, ...]:
    # a record counts by its position alone, so that regions side by side share none
    if is_indexed(path):
        return ("--regions", str(region), "--regions-overlap", "0")
    return ("--targets", str(region), "--targets-overlap", "0")
