"""The BWA index that lies beside a reference: made once, so that no alignment job has to.

Li H. Aligning sequence reads, clone sequences and assembly contigs with BWA-MEM.
<https://arxiv.org/abs/1303.3997>
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from pybwa import BwaIndex, BwaVerbosity, set_bwa_verbosity

from lowpass.errors import LowpassError

_WAY_OUT = "make it again: bwa index, and samtools dict"
_BWA_SUFFIXES = (".amb", ".ann", ".bwt", ".pac", ".sa")


class BwaIndexError(LowpassError):
    """Raised when the index of a reference cannot be used."""


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
    """Load the index that lies beside a FASTA file.

    Raises:
        BwaIndexError: when a file of it is damaged, or is of another reference than the rest.
    """
    set_bwa_verbosity(BwaVerbosity.ERROR)
    try:
        _require_whole(reference)
        index = BwaIndex(reference)
        contigs = [(each["SN"], each["LN"]) for each in index.header.to_dict().get("SQ", [])]
        same = contigs == _contigs(reference)
    except (OSError, ValueError, IndexError) as error:
        raise BwaIndexError(f"the BWA index of {reference.name} is damaged ({error}); {_WAY_OUT}") from error
    if not same:
        raise BwaIndexError(f"the dictionary and the BWA index of {reference.name} differ; {_WAY_OUT}")
    return index


def _require_whole(reference: Path) -> None:
    """Compare the files' sizes with the reference's: BWA crashes on a file that is cut off."""
    bases = int(_annotations(reference)[0].split()[0])
    both = 2 * bases  # strands
    # bwtio.c, bwt.c and bntseq.c of <https://github.com/lh3/bwa>: words of four bytes, counts of eight
    counts = (both + 127) // 128 + 1
    sizes = {
        ".bwt": 40 + 4 * ((both + 15) // 16 + 8 * counts),
        ".sa": 56 + 8 * ((both + 32) // 32 - 1),
        ".pac": (bases + 3) // 4 + (bases % 4 == 0) + 1,
    }
    for suffix, size in sizes.items():
        found = Path(f"{reference}{suffix}").stat().st_size
        if found != size:
            raise ValueError(f"{suffix} has {found:,} bytes instead of {size:,}")


def _contigs(reference: Path) -> list[tuple[str, int]]:
    """The names and lengths of the contigs in the index."""
    lines = _annotations(reference)[1:]
    return [
        (name.split()[1], int(place.split()[1])) for name, place in zip(lines[::2], lines[1::2], strict=True)
    ]


def _annotations(reference: Path) -> list[str]:
    return Path(f"{reference}.ann").read_text(errors="replace").splitlines()
