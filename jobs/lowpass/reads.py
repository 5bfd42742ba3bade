"""Reads of one person, drawn from the person's real genotypes on the synthetic reference."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lowpass.errors import LowpassError
from lowpass.sequences.fasta import BASES, UNKNOWN_BASE, read_contig
from lowpass.variants import read_genotypes

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

    from lowpass.storage import Workspace
    from lowpass.variants import Sites

READ_LENGTH = 150
# Quality bins of two-colour sequencers (Illumina: NovaSeq 6000 System Quality Scores and RTA3 Software,
# 2017), in shares that make the mean chance of a wrong base 0.005.
QUALITIES = np.array([12, 23, 37], dtype=np.uint8)
QUALITY_SHARES = (0.07, 0.08, 0.85)
# FASTQ writes quality Q as the character Q + 33: Cock and others 2010, <https://doi.org/10.1093/nar/gkp1137>
_FASTQ_OFFSET = 33
# little slower than none at all, and a third of the size
_GZIP_LEVEL = 4
_COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")


class TooShortReferenceError(LowpassError):
    """Raised when the reference's known sequence is shorter than a read."""


@dataclass(frozen=True)
class Reads:
    """Sequenced reads.

    Attributes:
        bases: ASCII codes, shape (reads, READ_LENGTH).
        qualities: Phred scores, shape (reads, READ_LENGTH).
    """

    bases: NDArray[np.uint8]
    qualities: NDArray[np.uint8]


def run(arguments: argparse.Namespace, files: Workspace) -> str:
    """Carry out `lowpass reads` and return what to tell the user."""
    sites, alleles = read_genotypes(files.input(arguments.truth), arguments.sample)
    contig = read_contig(files.input(arguments.reference), sites.contig)
    output = files.output(arguments.output)
    # the sample's name is part of the seed: a run of many samples needs one seed only
    rng = np.random.default_rng([arguments.seed, zlib.crc32(arguments.sample.encode())])
    haplotypes = [haplotype_sequence(contig, sites, alleles[:, which]) for which in (0, 1)]
    reads = draw_reads(haplotypes, arguments.depth, rng)
    _write_fastq(output, arguments.sample, reads)
    return (
        f"{len(reads.bases):,} reads of {READ_LENGTH} bases of {arguments.sample}, depth {arguments.depth:g}"
    )


def haplotype_sequence(
    contig: NDArray[np.uint8], sites: Sites, alleles: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Return the contig's known sequence with a haplotype's ALT alleles, as ASCII codes, shape (bases,).

    An ALT allele that overlaps the one before it is left out, since a sequence can carry only one of them.

    Args:
        contig: the reference, N where unknown, shape (bases,).
        sites: where the alleles are.
        alleles: 0 for REF, 1 for ALT, shape (sites,).
    """
    known = np.flatnonzero(contig != UNKNOWN_BASE)
    reference = contig.tobytes()
    pieces: list[bytes] = []
    done = int(known[0])
    # a symbolic allele, such as <DEL> or *, has no sequence
    for site in np.flatnonzero(alleles.astype(np.bool_) & sites.are_sequences):
        start = int(sites.positions[site]) - 1
        if start >= done:
            pieces += [reference[done:start], sites.alternates[site].encode()]
            done = start + len(sites.references[site])
    pieces.append(reference[done : int(known[-1]) + 1])
    return np.frombuffer(b"".join(pieces), dtype=np.uint8)


def draw_reads(haplotypes: list[NDArray[np.uint8]], depth: float, rng: Generator) -> Reads:
    """Draw single-end reads from both haplotypes and strands alike, at random places, with sequencing errors.

    Args:
        haplotypes: the person's two sequences, each of shape (bases,).
        depth: mean number of reads that cover a base; the number of reads is a Poisson variable.
        rng: the source of all chance.

    Raises:
        TooShortReferenceError: when a haplotype is shorter than a read.
    """
    shortest = min(len(haplotype) for haplotype in haplotypes)
    if shortest < READ_LENGTH:
        raise TooShortReferenceError(f"{shortest} known bases cannot hold a read of {READ_LENGTH}")
    count = int(rng.poisson(depth * shortest / READ_LENGTH))
    origins = rng.integers(len(haplotypes), size=count)
    bases = np.empty((count, READ_LENGTH), dtype=np.uint8)
    for which, haplotype in enumerate(haplotypes):
        windows = np.lib.stride_tricks.sliding_window_view(haplotype, READ_LENGTH)
        mine = np.flatnonzero(origins == which)
        bases[mine] = windows[rng.integers(len(windows), size=len(mine))]
    return _sequenced(_half_reversed(bases, rng), rng)


def _half_reversed(bases: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    complement = np.frombuffer(bytes(range(256)).translate(_COMPLEMENT), dtype=np.uint8)
    is_reverse = rng.random(len(bases)) < 0.5
    return np.where(is_reverse[:, None], complement[bases[:, ::-1]], bases)


def _sequenced(bases: NDArray[np.uint8], rng: Generator) -> Reads:
    """Give every base a quality, and turn it into another base as often as that quality says."""
    qualities = rng.choice(QUALITIES, size=bases.shape, p=QUALITY_SHARES)
    is_wrong = rng.random(bases.shape) < 10 ** (qualities / -10)
    codes = np.searchsorted(BASES, bases[is_wrong])
    others = BASES[(codes + rng.integers(1, len(BASES), size=len(codes))) % len(BASES)]
    sequenced = bases.copy()
    sequenced[is_wrong] = others
    return Reads(sequenced, qualities)


def _write_fastq(path: Path, sample: str, reads: Reads) -> None:
    records = (
        f"@{sample}.{number}\n{bases.tobytes().decode()}\n+\n{qualities.tobytes().decode()}\n"
        for number, (bases, qualities) in enumerate(
            zip(reads.bases, reads.qualities + _FASTQ_OFFSET, strict=True), start=1
        )
    )
    text = "".join(records).encode()
    # without a time stamp, the same reads always give the same bytes
    path.write_bytes(gzip.compress(text, _GZIP_LEVEL, mtime=0) if path.suffix == ".gz" else text)
