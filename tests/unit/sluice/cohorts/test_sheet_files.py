"""A file of another kind in a sheet's place is told as what it is, and with the way out."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from sluice.cohorts.sheet_files import decode_sheet, looks_like_json
from tests.unit.sluice.cohorts.sheets import inputs, problems, read

if TYPE_CHECKING:
    from sluice.cohorts.sheet_lines import SheetFormat

ILLUMINA = (
    "the sheet: it is an Illumina sample sheet, for demultiplexing; write a CSV with a column sample (its "
    "Sample_ID) and columns for what the workflow reads, such as the FASTQ files"
)
YAML = "the sheet: it seems to be YAML; write it as CSV, or as JSON Lines"
XML = "the sheet: it is XML or a web page, perhaps an error or a login in the sheet's place"
BINARY = "the sheet: it is a binary file, such as an image or a BAM; a sheet is CSV or JSON Lines, in UTF-8"
DATA = "the sheet: it seems to be FASTA, FASTQ, SAM or VCF, a file that a sheet names; give the sheet"
GIT = "it is a pointer of Git LFS; get the file itself: git lfs pull"


def packed(body: bytes) -> bytes:
    # the time would be in the test's name, and different in each process
    return gzip.compress(body, mtime=0)


@pytest.mark.parametrize("fmt", ["csv", "tsv", "jsonl"])
@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("[Header],,,,\nIEMFileVersion,4,,,\n[Data],,,,\nSample_ID,index\nS1,ACGT\n", ILLUMINA),
        ("\ufeff[Header]\r\nFileFormatVersion,2\r\n", ILLUMINA),
        ('"[Header]","",""\n', ILLUMINA),
        (",,\n[BCLConvert_Data]\nLane,Sample_ID\n", ILLUMINA),
        ("[Data]\nsample,reads\nS1,a\n", ILLUMINA),
        ("samples:\n  - sample: S1\n    reads: a\n", YAML),
        ("- sample: S1\n  reads: a\n", YAML),
        ("---\nsample: S1\n", YAML),
        ('<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>\n', XML),
        ("<Error><Code>NoSuchKey</Code></Error>", XML),
        ("@SRR1.1 1 length=3\nACG\n+\nIII\n", DATA),
        (">chr1\nACGT\n", DATA),
        ("##fileformat=VCFv4.2\n#CHROM\tPOS\n", DATA),
        (packed(b"@SRR1.1\nACG\n+\nIII\n"), DATA),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", BINARY),
        (packed(b"BAM\x01\0\0"), BINARY),
        (b"CRAM\x03\0\xff", BINARY),
        (bytes(50), BINARY),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 1\n", f"the sheet: {GIT}"),
        (
            "sample,reads\n<<<<<<< HEAD\nS1,a\n=======\nS1,b\n>>>>>>> other\n",
            "line 2: a merge in Git left a conflict here; resolve it",
        ),
        (
            packed(packed(b"sample\n")),
            "the sheet: it is compressed with gzip; unpack it first: gunzip",
        ),
    ],
)
def test_a_file_of_another_kind_is_told_once_whatever_its_name(
    body: str | bytes, says: str, fmt: SheetFormat
) -> None:
    assert problems(body.encode() if isinstance(body, str) else body, fmt) == [says]


@pytest.mark.parametrize("header", ["sample", "name: short,sample", "[x],sample", "data;sample", "--;sample"])
def test_a_header_is_not_taken_for_another_kind(header: str) -> None:
    separator = ";" if ";" in header else ","
    row = separator.join("S1" for _ in header.split(separator))
    assert inputs(read(decode_sheet(f"{header}\n{row}\n".encode())))[0]["sample"] == "S1"


@pytest.mark.parametrize("body", ["\ufeff\ufeffsample\nS1\n", "sample\nS1\n\x1a", "sample\r\nS1\r\n\x1a\x1a"])
def test_marks_at_the_beginning_and_ctrl_z_at_the_end_do_no_harm(body: str) -> None:
    assert inputs(read(decode_sheet(body.encode()))) == [{"sample": "S1", "cohort": "run-7"}]


@pytest.mark.parametrize(
    ("text", "is_json"),
    [
        ('{"sample": "S1"}', True),
        ('\ufeff {"sample": "S1"}', True),
        ("[\n", True),
        ('[{"sample": "S1"}]', True),
        ("[1, 2]", True),
        ("[Header]\n", False),
        ("sample,reads\n", False),
        ("", False),
    ],
)
def test_json_is_known_by_more_than_its_first_bracket(text: str, *, is_json: bool) -> None:
    assert looks_like_json(text) is is_json
