"""Reads the rows of an array as their description says, without the code that wrote them."""

from __future__ import annotations


def decoded(text: str) -> list[list[str]]:
    """The values of each child."""
    begins, ends, *lines = [[_plain(cell) for cell in line.split("\t")] for line in text.split("\n")]
    return [[a + b + c for a, b, c in zip(begins, line, ends, strict=True)] for line in lines]


def _plain(cell: str) -> str:
    return cell.replace("\\\\", "\0").replace("\\n", "\n").replace("\\t", "\t").replace("\0", "\\")
