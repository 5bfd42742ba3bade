"""Genotype likelihoods of one sample at the SNPs of a panel, by the pile-up of htslib (bcftools mpileup)."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pysam
from pysam import bcftools
from pysam.utils import SamtoolsError

from lowpass.errors import LowpassError
from lowpass.variants import Region, read_sites, write_bcf
from lowpass.variants.htslib import queried, quiet_htslib, reason

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lowpass.storage import Workspace
    from lowpass.variants import Sites

# A base or a read's place that is wrong more often than one time in ten says too little to be worth the
# mistakes; GLIMPSE2 takes the same two values (--mapq, --baseq).
MINIMUM_QUALITY = 10
_PILE_UP = (
    # REF is the panel's; without the sequence around the sites there are no indels and no realigned qualities
    *("--no-reference", "--skip-indels", "--no-BAQ"),
    *("--min-MQ", str(MINIMUM_QUALITY), "--min-BQ", str(MINIMUM_QUALITY)),
    *("--skip-any-set", "UNMAP,SECONDARY,QCFAIL,DUP,SUPPLEMENTARY"),
    *("--annotate", "FORMAT/AD", "--no-version", "-Ou"),
)
_OTHER_ALLELE = "<*>"
_FORMATS = (
    '##FORMAT=<ID=PL,Number=G,Type=Integer,Description="Phred-scaled genotype likelihoods, the best is 0">',
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads that show REF and ALT">',
)


class AlignmentError(LowpassError):
    """Raised when a BAM file cannot be read or does not fit the panel."""


@dataclass(frozen=True)
class Likelihoods:
    """What the reads say of each site.

    Attributes:
        phred: likelihoods of 0, 1 and 2 ALT alleles, Phred-scaled, the best of a site 0, shape (sites, 3).
        depths: reads that show REF and ALT, shape (sites, 2).
    """

    phred: NDArray[np.int64]
    depths: NDArray[np.int64]


def run(arguments: argparse.Namespace, files: Workspace) -> str:
    """Carry out `lowpass likelihoods` and return what to tell the user."""
    alignment = files.input(arguments.alignment)
    region = Region.parse(arguments.region) if arguments.region else None
    sites = read_sites(files.input(arguments.panel), region)
    output = files.output(arguments.output)
    sample = sample_of(alignment, sites.contig)
    found = pile_up(alignment, sites)
    write_bcf(output, sites, sample=sample, header=_FORMATS, records=_records(found))
    covered = int(np.count_nonzero(found.depths.sum(axis=1)))
    snps = int(sites.are_snps.sum())
    told = f"{int(found.depths.sum()):,} bases of {sample} at {covered:,} of {snps:,} SNPs"
    return told + _beyond(alignment, sites)


def sample_of(alignment: Path, contig: str) -> str:
    """Return the name of the one sample of a BAM file.

    Raises:
        AlignmentError: when it is no BAM file, is not of one sample, or lacks the contig.
    """
    try:
        with quiet_htslib(), pysam.AlignmentFile(str(alignment), check_sq=False) as file:
            if not file.is_bam:
                raise AlignmentError(_not_bam(alignment.name, is_cram=file.is_cram))
            groups = file.header.to_dict().get("RG", [])
            contigs = file.references
    except (OSError, ValueError) as error:
        raise AlignmentError(f"{alignment.name} cannot be read as BAM: {error}") from error
    if contig not in contigs:
        shown = f"{', '.join(contigs[:5]) or 'none'}{' and more' if len(contigs) > 5 else ''}"
        raise AlignmentError(f"{alignment.name} has no contig {contig!r}, which the panel is on, but {shown}")
    samples = sorted({group.get("SM", "") for group in groups})
    if samples in ([], [""]):
        raise AlignmentError(
            f"{alignment.name} does not name its sample; add it: "
            f"samtools addreplacerg -r ID:1 -r SM:NAME -o named.bam {alignment.name}"
        )
    if len(samples) > 1:
        shown = f"{', '.join(samples[:3])}{' and more' if len(samples) > 3 else ''}"
        raise AlignmentError(
            f"{alignment.name} has read groups of {len(samples)} samples ({shown}); give one sample's file"
        )
    return str(samples[0])


def _not_bam(name: str, *, is_cram: bool) -> str:
    if is_cram:
        return f"{name} is CRAM; make BAM of it, with its reference: samtools view -b -T reference.fa {name}"
    return f"{name} is SAM; make sorted BAM of it: samtools sort -o sorted.bam {name}"


def _beyond(alignment: Path, sites: Sites) -> str:
    """Tell of sites behind the contig's end, which a panel of another reference may have."""
    with pysam.AlignmentFile(str(alignment), check_sq=False) as file:
        length = file.get_reference_length(sites.contig)
    beyond = int(np.count_nonzero(sites.positions > length))
    if not beyond:
        return ""
    return (
        f"; {beyond:,} sites of the panel lie behind the end of contig {sites.contig} at {length:,}: "
        "are both of the same reference?"
    )


def pile_up(alignment: Path, sites: Sites) -> Likelihoods:
    """Return what the reads of a sorted BAM file say of the SNPs among the sites.

    Every molecule counts once, where its two reads overlap too. Reads of other contigs, duplicates, and pairs
    that are not mapped as such do not count. The likelihoods are those of samtools and bcftools: Li H. A
    statistical framework for SNP calling, mutation discovery, association mapping and population genetical
    parameter estimation from sequencing data. Bioinformatics 27:2987-2993 (2011).
    <https://doi.org/10.1093/bioinformatics/btr509>

    Raises:
        AlignmentError: when the file is damaged or not sorted.
    """
    found = Likelihoods(np.zeros((len(sites), 3), dtype=np.int64), np.zeros((len(sites), 2), dtype=np.int64))
    snps = np.flatnonzero(sites.are_snps)
    positions = sites.positions[snps]
    with tempfile.TemporaryDirectory(prefix="lowpass-") as folder:
        piled = _mpileup(alignment, sites, Path(folder))
        with queried(piled, "%POS\t%ALT[\t%PL\t%AD]\n") as text, text.open() as lines:
            for line in lines:
                position, alternates, phred, depths = line.split("\t")
                first, end = np.searchsorted(positions, [int(position), int(position) + 1])
                _add(found, sites, snps[first:end].tolist(), _Pile.of(alternates, phred, depths))
    return found


@dataclass(frozen=True)
class _Pile:
    """The bases at one position: the alleles that mpileup names, their genotypes' likelihoods and counts."""

    alleles: list[str]
    phred: list[int]
    depths: list[int]

    @classmethod
    def of(cls, alternates: str, phred: str, depths: str) -> _Pile:
        # without a reference the first allele is N, which no base shows
        alleles = ["N", *alternates.split(",")]
        return cls(
            alleles, [int(each) for each in phred.split(",")], [int(each) for each in depths.split(",")]
        )

    def likelihood(self, first: str, second: str) -> int:
        low, high = sorted((self._index(first), self._index(second)))
        # the order of genotypes: section 1.6.2 of <https://samtools.github.io/hts-specs/VCFv4.3.pdf>
        return self.phred[high * (high + 1) // 2 + low]

    def depth(self, allele: str) -> int:
        return self.depths[self.alleles.index(allele)] if allele in self.alleles else 0

    def _index(self, allele: str) -> int:
        return self.alleles.index(allele if allele in self.alleles else _OTHER_ALLELE)


def _mpileup(alignment: Path, sites: Sites, folder: Path) -> Path:
    """Return a BCF file with what the reads show at the sites; the index that it takes is made on the way."""
    targets, index, piled = folder / "sites.tsv", folder / "alignment.csi", folder / "piled.bcf"
    targets.write_text("".join(f"{sites.contig}\t{position}\n" for position in np.unique(sites.positions)))
    span = Region(sites.contig, int(sites.positions[0]), int(sites.positions[-1]))
    places = ("--regions", str(span), "--targets-file", str(targets))
    try:
        with quiet_htslib():
            # one that lies beside the file may be older, and only this notices reads that are out of order
            pysam.index("-c", "-o", str(index), str(alignment))
            # "##idx##": <https://www.htslib.org/doc/samtools.html>
            source = f"{alignment}##idx##{index}"
            bcftools.mpileup(*_PILE_UP, *places, "-o", str(piled), source, catch_stdout=False)
    except SamtoolsError as error:
        raise AlignmentError(
            f"{alignment.name} is damaged or not sorted by position (samtools sort): {reason(error)}"
        ) from error
    return piled


def _add(found: Likelihoods, sites: Sites, rows: list[int], pile: _Pile) -> None:
    for row in rows:
        reference, alternate = sites.references[row], sites.alternates[row]
        depths = pile.depth(reference), pile.depth(alternate)
        # a site that shows other alleles only says nothing
        if any(depths):
            pairs = (reference, reference), (reference, alternate), (alternate, alternate)
            phred = [pile.likelihood(*pair) for pair in pairs]
            found.phred[row] = np.array(phred) - min(phred)
            found.depths[row] = depths


def _records(found: Likelihoods) -> Iterator[tuple[str, str]]:
    for pl, ad in zip(found.phred, found.depths, strict=True):
        yield ".", f"{pl[0]},{pl[1]},{pl[2]}:{ad[0]},{ad[1]}"
