"""FASTQ files, by dnaio."""

from __future__ import annotations

import gzip
import re
import zlib
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, cast

import dnaio
import pysam

from lowpass.errors import LowpassError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# what a name in SAM may hold: section 1.4 of <https://samtools.github.io/hts-specs/SAMv1.pdf>
_LONGEST_NAME = 254
_NOT_IN_NAMES = re.compile(r"[^!-?A-~]")
# Phred 0 and 93: Cock and others 2010, <https://doi.org/10.1093/nar/gkp1137>
_LOWEST_QUALITY, _HIGHEST_QUALITY = "!", "~"
# before 2011 Illumina wrote Phred + 64: then all are from 64 on, and most above what sequencers of short
# reads write as Phred + 33
_LOWEST_OF_PHRED_64, _HIGHEST_OF_SHORT_READS = "@", "K"
# IUPAC's codes, and the dot that early Illumina programs wrote for N
_NO_BASES = re.compile(r"[^ACGTNRYSWKMBDHVacgtnryswkmbdhv.]")
_GZIP_MAGIC = b"\x1f\x8b"
# of a line that is quoted in a message
_SHOWN = 60


class ReadsError(LowpassError):
    """Raised when reads cannot be read as FASTQ."""


def read_batches(path: Path, size: int) -> Iterator[list[pysam.FastxRecord]]:
    """Yield the reads of a FASTQ file, gzipped or not, some at a time.

    The name of a read is its first word, cut to the 254 characters that a BAM file holds. A character that
    SAM does not allow in names becomes `_`.

    Args:
        path: the file; its name does not matter.
        size: how many reads to give at a time.

    Raises:
        ReadsError: when it is no FASTQ file, is damaged, or has no reads.
    """
    try:
        with _opened(path) as file:
            _require_fastq(path, file)
        with _opened(path) as file, dnaio.open(file, fileformat="fastq") as records:
            reads = (_read(path, record) for record in records)
            first = list(islice(reads, size))
            _require_phred_33(path, first)
            yield first
            while batch := list(islice(reads, size)):
                yield batch
    except (OSError, EOFError, ValueError, zlib.error, dnaio.FileFormatError) as error:
        raise ReadsError(
            f"{path.name} cannot be read as FASTQ: {' '.join(str(error).split())[:300]}"
        ) from error


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        is_gzip = file.read(2) == _GZIP_MAGIC
    return cast("BinaryIO", gzip.open(path)) if is_gzip else path.open("rb")


def _require_fastq(path: Path, file: BinaryIO) -> None:
    line = file.readline(_SHOWN)
    if not line:
        raise ReadsError(f"{path.name} has no reads")
    if line.startswith(b">"):
        raise ReadsError(f"{path.name} is FASTA, and has no base qualities; give FASTQ")
    if not line.startswith(b"@"):
        shown = line.decode(errors="replace").strip().encode("unicode_escape").decode()[:_SHOWN]
        raise ReadsError(f"{path.name} is no FASTQ: its first line is {shown!r}; a record begins with @")


def _require_phred_33(path: Path, reads: list[pysam.FastxRecord]) -> None:
    qualities = {*"".join(str(read.quality) for read in reads)}
    if qualities and min(qualities) >= _LOWEST_OF_PHRED_64 and max(qualities) > _HIGHEST_OF_SHORT_READS:
        raise ReadsError(
            f"{path.name} has qualities of Phred + 64, as Illumina wrote them before 2011; write them as "
            f"Phred + 33: seqtk seq -Q64 -V {path.name}"
        )


def _read(path: Path, record: dnaio.SequenceRecord) -> pysam.FastxRecord:
    qualities = record.qualities or ""
    if qualities and not _LOWEST_QUALITY <= min(qualities) <= max(qualities) <= _HIGHEST_QUALITY:
        raise ReadsError(
            f"{path.name} has a quality that is no printable character, in the read {record.name[:_SHOWN]!r}"
        )
    if found := _NO_BASES.search(record.sequence):
        raise ReadsError(
            f"{path.name} has {found[0]!r} among the bases of the read {record.name[:_SHOWN]!r}; "
            "reads are of DNA, in IUPAC's letters"
        )
    words = record.name.split(maxsplit=1)
    name = _NOT_IN_NAMES.sub("_", words[0])[:_LONGEST_NAME] if words else "*"
    return pysam.FastxRecord(name=name, sequence=record.sequence, quality=qualities)
