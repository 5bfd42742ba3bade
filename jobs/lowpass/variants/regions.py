"""Stretches of a contig."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from lowpass.errors import ArgumentError

_FORM = re.compile(r"(?P<contig>.+):(?P<start>[\d,]+)-(?P<end>[\d,]+)")


class RegionError(ArgumentError):
    """Raised when a text is no region, or a region has no site."""


@dataclass(frozen=True)
class Region:
    """Bases of a contig, counted from 1, both ends included.

    Attributes:
        contig: the contig's name.
        start: the first base.
        end: the last one.
    """

    contig: str
    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `20:1000000-2000000`; commas in the numbers are allowed, as in samtools.

        Raises:
            RegionError: when the text has another form, or ends before it starts.
        """
        found = _FORM.fullmatch(text)
        if not found:
            raise RegionError(f"{text!r} is not of the form CONTIG:START-END, such as 20:1000000-2000000")
        start, end = (int(found[name].replace(",", "") or 0) for name in ("start", "end"))
        if not 1 <= start <= end:
            raise RegionError(f"{text} starts before base 1 or ends before it starts")
        return cls(found["contig"], start, end)

    def __str__(self) -> str:
        return f"{self.contig}:{self.start}-{self.end}"
