"""A synthetic reference sequence that carries a panel's real alleles at their real positions.

Only the sites are real. The bases between them are drawn at random, because no part of the human reference
is shipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lowpass.errors import LowpassError
from lowpass.sequences.bwa_index import build_index, index_locations
from lowpass.sequences.fasta import BASES, UNKNOWN_BASE, write_contig
from lowpass.variants import read_sites

if TYPE_CHECKING:
    import argparse

    from numpy.random import Generator
    from numpy.typing import NDArray

    from lowpass.storage import Workspace
    from lowpass.variants import Sites

# known bases before the first site and after the last one, so that reads cover these as well as the others
FLANK_BASES = 10_000


class ConflictingAllelesError(LowpassError):
    """Raised when the REF alleles of two sites disagree about a base."""


def run(arguments: argparse.Namespace, files: Workspace) -> str:
    """Carry out `lowpass reference` and return what to tell the user."""
    sites = read_sites(files.input(arguments.panel))
    output = files.output(arguments.output, index_locations(arguments.output))
    sequence = synthetic_contig(sites, np.random.default_rng(arguments.seed))
    write_contig(output, sites.contig, sequence.tobytes())
    build_index(output)
    known = int(np.count_nonzero(sequence != UNKNOWN_BASE))
    return f"contig {sites.contig}: {known:,} bases that carry {len(sites):,} sites, and its BWA index"


def synthetic_contig(sites: Sites, rng: Generator) -> NDArray[np.uint8]:
    """Return a contig that starts at the real contig's first base, as ASCII codes, shape (bases,).

    It is N up to 10,000 bases before the first site, so that positions on it are the real ones, and random
    from there on except for the REF alleles of the sites.

    Raises:
        ConflictingAllelesError: when two REF alleles disagree.
    """
    start = max(int(sites.positions[0]) - 1 - FLANK_BASES, 0)
    end = int(sites.positions[-1]) - 1 + len(sites.references[-1]) + FLANK_BASES
    contig = np.full(end, UNKNOWN_BASE, dtype=np.uint8)
    contig[start:] = rng.choice(BASES, size=end - start)
    _lay_references(contig, sites)
    return contig


def _lay_references(contig: NDArray[np.uint8], sites: Sites) -> None:
    is_laid = np.zeros(len(contig), dtype=np.bool_)
    for _, position, reference, _ in sites.keys:
        where = slice(position - 1, position - 1 + len(reference))
        allele = np.frombuffer(reference.encode(), dtype=np.uint8)
        if np.any(is_laid[where] & (contig[where] != allele)):
            raise ConflictingAllelesError(
                f"REF {reference} at {sites.contig}:{position} contradicts the REF of another site; "
                "`bcftools norm --check-ref` finds the wrong one"
            )
        contig[where] = allele
        is_laid[where] = True
