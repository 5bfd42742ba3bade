"""Tells what a file that should be a sample sheet is: its text, or a file of another kind; pure."""

from __future__ import annotations

import re
import zlib
from typing import Final

from sluice.cohorts.sheet_cells import InvalidSheetError, Problem

LOOKED_AT: Final = 4096
"""Bytes of a file, or of what is compressed in it, that tell its kind."""

_MARK: Final = "\ufeff"
_CTRL_Z: Final = "\x1a"

_AS_CSV: Final = "save it as CSV in UTF-8"
_GZIP: Final = b"\x1f\x8b"
_BINARY: Final = "it is a binary file, such as an image or a BAM; a sheet is CSV or JSON Lines, in UTF-8"
_ILLUMINA: Final = (
    "it is an Illumina sample sheet, for demultiplexing; write a CSV with a column sample (its Sample_ID) "
    "and columns for what the workflow reads, such as the FASTQ files"
)
_DATA: Final = "it seems to be FASTA, FASTQ, SAM or VCF, a file that a sheet names; give the sheet"

_FILES_OF_OTHERS: Final = tuple(
    (re.compile(beginning), says)
    for beginning, says in (
        (rb"PK\x03\x04|PK\x05\x06", f"it is a spreadsheet or an archive (.xlsx, .ods, .zip); {_AS_CSV}"),
        (rb"\xd0\xcf\x11\xe0", f"it is a spreadsheet (.xls); {_AS_CSV}"),
        (rb"BZh\d", "it is compressed with bzip2; unpack it first: bunzip2"),
        (rb"\xfd7zXZ\x00", "it is compressed with xz; unpack it first: unxz"),
        (rb"\x28\xb5\x2f\xfd", "it is compressed with zstd; unpack it first: unzstd"),
        (rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff", f"it is UTF-32; {_AS_CSV}"),
        (rb"\xff\xfe", f"it is UTF-16, as Excel's Unicode Text; {_AS_CSV}"),
        (rb"\xfe\xff|\x00[^\x00]\x00[^\x00]|[^\x00]\x00[^\x00]\x00", f"it is UTF-16; {_AS_CSV}"),
        (rb"BAM\x01|BCF\x02|CRAM[\x02\x03]|\x00", _BINARY),
        (rb"%PDF-", f"it is a PDF; {_AS_CSV}"),
        (rb"\{\\rtf", f"it is RTF, of a word processor; {_AS_CSV}"),
        (rb"<[?!a-zA-Z]", "it is XML or a web page, perhaps an error or a login in the sheet's place"),
        (rb"version https://git-lfs", "it is a pointer of Git LFS; get the file itself: git lfs pull"),
        (rb"##fileformat=|[@>]\S", _DATA),
        (
            rb'[,;"\s]*\[(?i:header|reads|settings|data|manifests|\w+_settings|\w+_data)\]',
            _ILLUMINA,
        ),
        # a first line without separators, so that it is no header of a CSV
        (
            rb"(?:---|- |[\w\"'. -]*\w[\"']?:(?![^\s]))[^,;\t\r\n]*(?:[\r\n]|$)",
            "it seems to be YAML; write it as CSV, or as JSON Lines",
        ),
    )
)
"""Files that are no sheets, by how they begin behind blanks."""

_NEVER_IN_TEXT: Final = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_CONFLICT: Final = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
_JSON: Final = re.compile(r'\s*(?:\{|\[\s*(?:[\[\]{"\d-]|true\b|false\b|null\b|$))')
_LINE_END_BYTES: Final = re.compile(rb"\r\n|\n|\r")


def decode_sheet(body: bytes) -> str:
    """Reads a sheet's bytes as UTF-8, with or without byte order marks and the Ctrl-Z that ends files of DOS.

    Raises:
        InvalidSheetError: says what else it is, or names the line with the first byte that is not UTF-8 or
            with a conflict of Git's.
    """
    says = _kind(body)
    if says is not None:
        raise InvalidSheetError([Problem(0, None, says)])
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise InvalidSheetError([_not_text(body, error.start)]) from error
    text = text.lstrip(_MARK).rstrip(_CTRL_Z)
    conflict = _CONFLICT.search(text)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        raise InvalidSheetError([Problem(line, None, "a merge in Git left a conflict here; resolve it")])
    return text


def looks_like_json(text: str) -> bool:
    """True for what begins as an object or an array of JSON does; `[Header]` is neither."""
    return _JSON.match(text.lstrip(_MARK)) is not None


def _kind(body: bytes) -> str | None:
    """Says what a file is if it is no sheet; of one compressed with gzip, what is in it if that is none."""
    if body.startswith(_GZIP):
        return _begins_as(_unpacked(body)) or "it is compressed with gzip; unpack it first: gunzip"
    return _begins_as(body[:LOOKED_AT])


def _begins_as(beginning: bytes) -> str | None:
    behind_blanks = beginning.removeprefix(_MARK.encode()).lstrip()
    return next((says for kind, says in _FILES_OF_OTHERS if kind.match(behind_blanks)), None)


def _unpacked(body: bytes) -> bytes:
    """The beginning of what is compressed with gzip; empty if it is damaged."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, LOOKED_AT)
    except zlib.error:
        return b""


def _not_text(body: bytes, start: int) -> Problem:
    """What is wrong with a file that is not UTF-8 from some byte on."""
    if _NEVER_IN_TEXT.search(body):
        return Problem(0, None, _BINARY)
    line = len(_LINE_END_BYTES.findall(body, 0, start)) + 1
    byte = body[start : start + 1]
    seen = byte.decode("cp1252", errors="ignore")
    perhaps = f" ({seen} in Windows-1252)" if seen else ""
    return Problem(line, None, f"the byte {byte[0]:#04x}{perhaps} is not UTF-8; save the sheet as UTF-8")
