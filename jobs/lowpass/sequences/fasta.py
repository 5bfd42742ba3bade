"""FASTA files of one contig."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pysam

from lowpass.errors import LowpassError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BASES = np.frombuffer(b"ACGT", dtype=np.uint8)
UNKNOWN_BASE = ord("N")
_LINE_LENGTH = 60


class FastaError(LowpassError):
    """Raised when a FASTA file cannot be read or lacks the contig."""


def write_contig(path: Path, contig: str, sequence: bytes) -> None:
    """Write one contig; a name that ends in `.gz` makes it a BGZF file, which gzip reads too."""
    lines = (sequence[start : start + _LINE_LENGTH] for start in range(0, len(sequence), _LINE_LENGTH))
    text = b"\n".join((f">{contig}".encode(), *lines, b""))
    if path.suffix == ".gz":
        with pysam.BGZFile(str(path), "wb", None) as file:
            file.write(text)
    else:
        path.write_bytes(text)


def read_contig(path: Path, contig: str) -> NDArray[np.uint8]:
    """Return a contig's bases as ASCII codes, upper case, shape (bases,).

    Raises:
        FastaError: when the file is damaged or has no such contig.
    """
    try:
        with pysam.FastxFile(str(path)) as file:
            sequences = {str(record.name): str(record.sequence) for record in file}
    except (OSError, ValueError) as error:
        raise FastaError(f"{path.name} cannot be read as FASTA: {error}") from error
    if contig not in sequences:
        raise FastaError(f"{path.name} has no contig {contig!r}, but {', '.join(sequences) or 'none at all'}")
    return np.frombuffer(sequences[contig].upper().encode(), dtype=np.uint8)
