"""Genotype likelihoods of one sample at the SNPs of a panel, from aligned reads."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pysam

from lowpass.errors import LowpassError
from lowpass.variants import read_sites, write_bcf

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from lowpass.storage import Workspace
    from lowpass.variants import Sites

# A base is wrong when its call or its read's place is, so the lower of the two qualities counts, as in
# samtools. A base that is wrong more often than one time in ten says too little to be worth the mistakes.
MINIMUM_QUALITY = 10
_IGNORED = pysam.FUNMAP | pysam.FSECONDARY | pysam.FQCFAIL | pysam.FDUP | pysam.FSUPPLEMENTARY
_MATCHES = frozenset({pysam.CMATCH, pysam.CEQUAL, pysam.CDIFF})
_TAKES_READ = _MATCHES | {pysam.CINS, pysam.CSOFT_CLIP}
_TAKES_REFERENCE = _MATCHES | {pysam.CDEL, pysam.CREF_SKIP}
_FORMATS = (
    '##FORMAT=<ID=PL,Number=G,Type=Integer,Description="Phred-scaled genotype likelihoods, the best is 0">',
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads that show REF and ALT">',
)


class AlignmentError(LowpassError):
    """Raised when a BAM file cannot be read or does not fit the panel."""


@dataclass(frozen=True)
class Observations:
    """Bases of reads at sites; a base that is neither REF nor ALT is not among them.

    Attributes:
        sites: the site's row, shape (observations,).
        alternates: whether the base is ALT, shape (observations,).
        errors: chance that the base is wrong, shape (observations,).
    """

    sites: NDArray[np.int64]
    alternates: NDArray[np.bool_]
    errors: NDArray[np.float64]


def run(arguments: argparse.Namespace, files: Workspace) -> str:
    """Carry out `lowpass likelihoods` and return what to tell the user."""
    alignment = files.input(arguments.alignment)
    sites = read_sites(files.input(arguments.panel))
    output = files.output(arguments.output)
    sample, observations = observe(alignment, sites)
    phred = phred_likelihoods(observations, len(sites))
    depths = allele_depths(observations, len(sites))
    write_bcf(output, sites, sample=sample, formats=_FORMATS, columns=_columns(phred, depths))
    covered = int(np.count_nonzero(depths.sum(axis=1)))
    return (
        f"{len(observations.sites):,} bases of {sample} at {covered:,} of {int(sites.are_snps.sum()):,} SNPs"
    )


def phred_likelihoods(observations: Observations, sites: int) -> NDArray[np.int64]:
    """Return Phred-scaled likelihoods of 0, 1 and 2 ALT alleles, the best of each site 0, shape (sites, 3).

    A read shows either of the person's two alleles with equal chance, and a wrong base is any of the three
    others with equal chance: Li H. A statistical framework for SNP calling, mutation discovery, association
    mapping and population genetical parameter estimation from sequencing data. Bioinformatics 27:2987-2993
    (2011). <https://doi.org/10.1093/bioinformatics/btr509>
    """
    if_same, if_other = 1 - observations.errors, observations.errors / 3
    if_reference = np.where(observations.alternates, if_other, if_same)
    if_alternate = np.where(observations.alternates, if_same, if_other)
    logarithms = np.column_stack(
        [
            np.bincount(observations.sites, weights=np.log10(likelihood), minlength=sites)
            for likelihood in (if_reference, (if_reference + if_alternate) / 2, if_alternate)
        ]
    )
    below_best: NDArray[np.float64] = logarithms.max(axis=1, keepdims=True) - logarithms
    return np.rint(10 * below_best).astype(np.int64)


def allele_depths(observations: Observations, sites: int) -> NDArray[np.int64]:
    """Count the bases that are REF and ALT, shape (sites, 2)."""
    references = observations.sites[~observations.alternates]
    alternates = observations.sites[observations.alternates]
    return np.column_stack([np.bincount(rows, minlength=sites) for rows in (references, alternates)])


def observe(alignment: Path, sites: Sites) -> tuple[str, Observations]:
    """Return the sample's name and the bases that its reads show at the SNPs among the sites.

    Raises:
        AlignmentError: when it is no BAM file, is not of one sample, or lacks the contig.
    """
    rows = np.flatnonzero(sites.are_snps)
    starts = (sites.positions[rows] - 1).tolist()
    try:
        with pysam.AlignmentFile(str(alignment)) as file:
            sample = _sample_of(file, alignment, sites.contig)
            bases = [base for read in file if not read.flag & _IGNORED for base in _bases_at(read, starts)]
    except (OSError, ValueError) as error:
        raise AlignmentError(f"{alignment.name} cannot be read as BAM: {error}") from error
    return sample, _observations(bases, rows, sites)


def matched_blocks(cigar: list[tuple[int, int]], reference_start: int) -> Iterator[tuple[int, int, int]]:
    """Yield where stretches without gaps begin in the read and in the reference, and their length.

    Args:
        cigar: operations and lengths as pysam gives them.
        reference_start: 0-based position of the first aligned base.
    """
    in_read, in_reference = 0, reference_start
    for operation, length in cigar:
        if operation in _MATCHES:
            yield in_read, in_reference, length
        in_read += length * (operation in _TAKES_READ)
        in_reference += length * (operation in _TAKES_REFERENCE)


def _sample_of(file: pysam.AlignmentFile, path: Path, contig: str) -> str:
    samples = sorted({group.get("SM", "") for group in file.header.to_dict().get("RG", [])})
    if len(samples) != 1:
        raise AlignmentError(f"{path.name} has read groups of {len(samples)} samples; give one sample's file")
    if contig not in file.references:
        raise AlignmentError(
            f"{path.name} has no contig {contig!r}, which the panel is on, but {', '.join(file.references)}"
        )
    return str(samples[0])


def _bases_at(read: pysam.AlignedSegment, starts: list[int]) -> Iterator[tuple[int, str, int]]:
    """Yield the index in `starts` of each position that the read covers, its base there and the quality."""
    sequence, qualities = read.query_sequence, read.query_qualities
    if not read.cigartuples or not sequence or not qualities:
        return
    for in_read, in_reference, length in matched_blocks(read.cigartuples, read.reference_start):
        first = bisect_left(starts, in_reference)
        for index in range(first, bisect_left(starts, in_reference + length, first)):
            offset = in_read + starts[index] - in_reference
            quality = min(qualities[offset], read.mapping_quality)
            yield index, sequence[offset], quality


def _observations(bases: list[tuple[int, str, int]], rows: NDArray[np.int64], sites: Sites) -> Observations:
    shown = [
        (int(rows[index]), base == sites.alternates[rows[index]], quality)
        for index, base, quality in bases
        if quality >= MINIMUM_QUALITY
        and base in {sites.references[rows[index]], sites.alternates[rows[index]]}
    ]
    columns = np.array(shown, dtype=np.int64).reshape(-1, 3).T
    return Observations(columns[0], columns[1].astype(np.bool_), 10 ** (-columns[2] / 10))


def _columns(phred: NDArray[np.int64], depths: NDArray[np.int64]) -> Iterator[str]:
    for pl, ad in zip(phred.tolist(), depths.tolist(), strict=True):
        yield f"{pl[0]},{pl[1]},{pl[2]}:{ad[0]},{ad[1]}"
