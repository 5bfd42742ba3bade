"""The BWA index that lies beside a reference: made once, so that no alignment job has to.

Li H. Aligning sequence reads, clone sequences and assembly contigs with BWA-MEM.
<https://arxiv.org/abs/1303.3997>
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from pybwa import BwaIndex, BwaVerbosity, set_bwa_verbosity

_BWA_SUFFIXES = (".amb", ".ann", ".bwt", ".pac", ".sa")


def index_locations(reference: str) -> tuple[str, ...]:
    """Name the files beside a reference that `bwa mem` reads, by path or URI as the reference is.

    The dictionary of contigs takes the place of the last suffix, as `samtools dict` and pybwa have it.
    """
    stem = reference.removesuffix(PurePosixPath(reference).suffix)
    return (*(f"{reference}{suffix}" for suffix in _BWA_SUFFIXES), f"{stem}.dict")


def build_index(reference: Path) -> None:
    """Write the index of a FASTA file beside it, under the names of `index_locations`."""
    set_bwa_verbosity(BwaVerbosity.ERROR)
    BwaIndex.index(reference)
    dictionary = Path(index_locations(str(reference))[-1])
    # UR says where the FASTA lies while the index is made, which is no longer true once it is published
    dictionary.write_text(re.sub(r"\tUR:[^\t\n]*", "", dictionary.read_text()))


def load_index(reference: Path) -> BwaIndex:
    """Load the index that lies beside a FASTA file."""
    set_bwa_verbosity(BwaVerbosity.ERROR)
    return BwaIndex(reference)
