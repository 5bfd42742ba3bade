"""Reads to a sorted, indexed BAM file, by BWA-MEM."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pysam
from pybwa import BwaMem

from lowpass.errors import ArgumentError
from lowpass.sequences.bwa_index import index_locations, load_index
from lowpass.sequences.fastq import read_batches

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from pybwa import BwaIndex

    from lowpass.storage import Workspace

# bounds the memory of a job; bwa's own speed does not depend on it
_READS_AT_ONCE = 10_000
_FASTQ_NAME = re.compile(r"\.(fastq|fq)(\.gz)?$")


@dataclass(frozen=True)
class Aligned:
    """How many reads there were and how many of them found a place."""

    reads: int
    mapped: int


def run(arguments: argparse.Namespace, files: Workspace) -> str:
    """Carry out `lowpass align` and return what to tell the user."""
    reads = files.input(arguments.reads)
    reference = files.input(arguments.reference, index_locations(arguments.reference))
    output = files.output(arguments.output, [f"{arguments.output}.bai"])
    sample = arguments.sample or sample_of(reads.name)
    aligned = align(reads, reference, output, sample=sample)
    return f"{aligned.mapped:,} of {aligned.reads:,} reads of {sample} mapped"


def sample_of(name: str) -> str:
    """Return the name of a file of reads without its suffixes, which is the sample's unless told otherwise.

    Raises:
        ArgumentError: when no header line can hold it.
    """
    sample = _FASTQ_NAME.sub("", name)
    if not sample.isprintable():
        raise ArgumentError(f"{sample!r} has a character that a sample's name cannot have; give --sample")
    return sample


def align(reads: Path, reference: Path, output: Path, *, sample: str) -> Aligned:
    """Align single-end reads and write a BAM file sorted by position, with its index beside it.

    Args:
        reads: FASTQ, gzipped or not.
        reference: FASTA with its BWA index beside it.
        output: the BAM file; the index gets the suffix `.bai`.
        sample: the name for the read group, by which later steps know the person.

    Raises:
        ReadsError: when the reads are not FASTQ.
    """
    unsorted = output.with_name(f"{output.name}.unsorted")
    index = load_index(reference)
    header = _header(index, sample)
    with (
        BwaMem(index=index) as aligner,
        pysam.AlignmentFile(str(unsorted), "wbu", header=header) as file,
    ):
        aligned = _align_all(aligner, reads, file, sample)
    pysam.sort("--no-PG", "-o", str(output), str(unsorted), catch_stdout=False)
    unsorted.unlink()
    pysam.index(str(output), f"{output}.bai")
    return aligned


def _header(index: BwaIndex, sample: str) -> pysam.AlignmentHeader:
    # the lines of a header: <https://samtools.github.io/hts-specs/SAMv1.pdf>
    contigs = index.header.to_dict()["SQ"]
    return pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "unsorted"},
            "SQ": [{"SN": contig["SN"], "LN": contig["LN"]} for contig in contigs],
            "RG": [{"ID": sample, "SM": sample, "PL": "ILLUMINA"}],
        }
    )


def _align_all(aligner: BwaMem, reads: Path, file: pysam.AlignmentFile, sample: str) -> Aligned:
    count = mapped = 0
    for batch in read_batches(reads, _READS_AT_ONCE):
        for segments in aligner.align(batch):
            count += 1
            mapped += not segments[0].is_unmapped
            for segment in segments:
                segment.set_tag("RG", sample)
                file.write(segment)
    return Aligned(count, mapped)
