"""The sites of a panel, and what every file of sites has to keep."""

from __future__ import annotations

import re
import sys
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lowpass.variants.htslib import VariantFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_BASES = frozenset("ACGT")
_CODES = "[ACGTNRYSWKMBDHV]+"
# what VCF allows, and IUPAC's codes of several bases, which some files have:
# <https://samtools.github.io/hts-specs/VCFv4.3.pdf>, section 1.6.1
_REFERENCE = re.compile(_CODES)
_ALTERNATE = re.compile(rf"{_CODES}|\*|<[^<>]+>|[\w.]*[\[\]].+[\[\]][\w.]*|\.{_CODES}|{_CODES}\.")


class SiteKey(NamedTuple):
    """What tells a site from every other."""

    contig: str
    position: int
    reference: str
    alternate: str

    def __str__(self) -> str:
        return f"{self.contig}:{self.position} {self.reference}>{self.alternate}"


@dataclass(frozen=True)
class Sites:
    """The biallelic sites of one contig, in the order of their file.

    Attributes:
        contig: the contig's name.
        positions: 1-based position of the first base of REF, shape (sites,).
        references: REF alleles, in upper case.
        alternates: ALT alleles, in upper case.
    """

    contig: str
    positions: NDArray[np.int64]
    references: tuple[str, ...]
    alternates: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.positions)

    def key(self, row: int) -> SiteKey:
        """What tells a site from every other: contig, position, REF and ALT."""
        return SiteKey(self.contig, int(self.positions[row]), self.references[row], self.alternates[row])

    @property
    def keys(self) -> list[SiteKey]:
        """What tells each site from every other."""
        return [self.key(row) for row in range(len(self))]

    def are(self, other: Sites) -> bool:
        """Whether these are the same sites in the same order."""
        return (
            self.contig == other.contig
            and np.array_equal(self.positions, other.positions)
            and self.references == other.references
            and self.alternates == other.alternates
        )

    @property
    def are_snps(self) -> NDArray[np.bool_]:
        """Whether REF and ALT are one base each, shape (sites,)."""
        pairs = zip(self.references, self.alternates, strict=True)
        # an allele of several bases is none of the four
        return np.array([{*pair} <= _BASES for pair in pairs], dtype=np.bool_)

    @property
    def are_sequences(self) -> NDArray[np.bool_]:
        """Whether ALT is spelled out, unlike `<DEL>` and `*`, shape (sites,)."""
        return np.array([{*allele} <= _BASES | {"N"} for allele in self.alternates], dtype=np.bool_)

    def rows(self, chosen: slice) -> Sites:
        """Return some of the sites, as consecutive rows."""
        return Sites(self.contig, self.positions[chosen], self.references[chosen], self.alternates[chosen])


def sites_of(name: str, records: Iterable[Sequence[str]]) -> Sites:
    """Build the sites from the records of a file, and check them.

    Args:
        name: the file's, for messages.
        records: contig, position, REF and ALT of each record.

    Raises:
        VariantFileError: when there is more than one contig, a site is out of order, there twice, or not of
            one ALT allele, or what stands for an allele or a position is none.
    """
    contigs: set[str] = set()
    positions = array("q")
    references: list[str] = []
    alternates: list[str] = []
    for contig, position, reference, alternate in records:
        contigs.add(contig)
        positions.append(int(position))
        # a chromosome has millions of sites, and nearly all alleles are one of four letters
        references.append(sys.intern(reference.upper()))
        alternates.append(sys.intern(alternate.upper()))
    if len(names := sorted(contigs)) > 1:
        shown = f"{', '.join(names[:5])}{' and more' if len(names) > 5 else ''}"
        raise VariantFileError(
            f"{name} has sites on {shown}; give a file of one contig: bcftools view -r {names[0]} {name}"
        )
    sites = Sites("".join(names), np.array(positions), tuple(references), tuple(alternates))
    _require_one_alternate(name, sites)
    _require_alleles(name, sites)
    _require_order(name, sites)
    return sites


def difference(name: str, found: Sites, panel: Sites) -> str | None:
    """Say in a sentence how the sites of a file differ from a panel's; None when they are the same."""
    if found.contig != panel.contig:
        chr_only = found.contig.removeprefix("chr") == panel.contig.removeprefix("chr")
        hint = "; the names of contigs must agree: bcftools annotate --rename-chrs" if chr_only else ""
        return f"{name} is of contig {found.contig}, the panel of {panel.contig}{hint}"
    if found.are(panel):
        return None
    known, wanted = set(found.keys), set(panel.keys)
    missing = next((key for key in panel.keys if key not in known), None)
    extra = next((key for key in found.keys if key not in wanted), None)
    shown = f"it lacks {missing}" if missing else f"the panel lacks {extra}"
    return f"{name} has other sites than the panel: {shown}"


def _require_one_alternate(name: str, sites: Sites) -> None:
    pairs = zip(sites.references, sites.alternates, strict=True)
    for row, (reference, alternate) in enumerate(pairs):
        if "," in alternate:
            raise VariantFileError(
                f"{name} has the ALT alleles {alternate} at {sites.contig}:{sites.positions[row]}; "
                f"split such sites (bcftools norm -m- {name}) or drop them (bcftools view -M2 {name})"
            )
        if alternate in {".", reference}:
            raise VariantFileError(
                f"{name} has no ALT allele at {sites.contig}:{sites.positions[row]}; "
                f"drop such sites: bcftools view -m2 {name}"
            )


def _require_alleles(name: str, sites: Sites) -> None:
    wrong = [
        *({*sites.references} - {each for each in {*sites.references} if _REFERENCE.fullmatch(each)}),
        *({*sites.alternates} - {each for each in {*sites.alternates} if _ALTERNATE.fullmatch(each)}),
    ]
    if wrong:
        row = next(row for row in range(len(sites)) if {*sites.key(row)[2:]} & {*wrong})
        raise VariantFileError(
            f"{name} has {str(sites.key(row))[:60]}, which is no pair of alleles; is it damaged?"
        )
    if len(sites) and sites.positions.min() < 1:
        # what is too large for BCF is read as negative
        row = int(sites.positions.argmin())
        raise VariantFileError(
            f"{name} has a position that is not 1 to 2,147,483,647, in record {row + 1}; drop such records"
        )


def _require_order(name: str, sites: Sites) -> None:
    steps = np.diff(sites.positions)
    if len(falls := np.flatnonzero(steps < 0)):
        before, after = sites.positions[falls[0] : falls[0] + 2].tolist()
        raise VariantFileError(
            f"{name} has {sites.contig}:{after} after {sites.contig}:{before}; sort it: bcftools sort {name}"
        )
    # only sites of one position can be the same
    seen: set[SiteKey] = set()
    for row in np.flatnonzero(steps == 0).tolist():
        seen = {key for key in seen if key.position == sites.positions[row]} | {sites.key(row)}
        if (key := sites.key(row + 1)) in seen:
            raise VariantFileError(f"{name} has {key} twice; drop one: bcftools norm -d exact {name}")
