"""A sheet is read whole, and every bad row is named at once."""

from __future__ import annotations

import bz2
import csv
import io
import lzma
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.cohorts.sheet import MAX_INPUT_BYTES, MAX_ROWS
from sluice.cohorts.sheet_cells import InvalidSheetError, cell_complaint, unseen_complaint
from sluice.cohorts.sheet_files import decode_sheet
from sluice.cohorts.sheet_lines import sheet_format
from sluice.schema import Whole
from tests.unit.sluice.cohorts.sheets import inputs, problems, read

if TYPE_CHECKING:
    from sluice.cohorts.sheet_lines import SheetFormat

SPREADSHEET = "the sheet: it is a spreadsheet or an archive (.xlsx, .ods, .zip); save it as CSV in UTF-8"


def test_a_row_is_an_input_with_the_cohorts_name_and_without_empty_cells() -> None:
    sheet = read("sample,reads,depth\nNA1,s3://b/1.fq,\nNA2,s3://b/2.fq,4\n")
    assert inputs(sheet) == [
        {"sample": "NA1", "reads": "s3://b/1.fq", "cohort": "run-7"},
        {"sample": "NA2", "reads": "s3://b/2.fq", "depth": "4", "cohort": "run-7"},
    ]
    assert [(row.line, row.sample) for row in sheet.rows] == [(2, "NA1"), (3, "NA2")]


def test_shared_fields_lie_under_those_of_a_row() -> None:
    sheet = read("sample,panel\nNA1,\nNA2,own\n", shared={"panel": "shared", "output": "o"})
    assert [(each["panel"], each["output"]) for each in inputs(sheet)] == [("shared", "o"), ("own", "o")]


def test_json_lines_keep_their_types() -> None:
    sheet = read('{"sample": "NA1", "memoryMib": 4096, "tags": ["a"]}\n\n{"sample": "NA2"}', "jsonl")
    assert inputs(sheet)[0] == {"sample": "NA1", "memoryMib": 4096, "tags": ["a"], "cohort": "run-7"}
    assert [row.line for row in sheet.rows] == [1, 3]


def test_spreadsheets_write_byte_order_marks_carriage_returns_and_blank_lines() -> None:
    text = decode_sheet('\ufeffsample,reads\r\n"NA1","a, b"\r\n,\r\n\r\n'.encode())
    assert inputs(read(text)) == [{"sample": "NA1", "reads": "a, b", "cohort": "run-7"}]


def test_every_bad_row_is_named_at_once() -> None:
    text = "sample,reads\nNA 1,r\n,r\nNA3\nNA4,\nNA5,r\nNA5,r\n" + "n" * 70 + ",r\n"
    assert problems(text, required=("sample", "reads")) == [
        'line 2, sample: it is "NA 1"; a name is 1 to 64 of A-Z a-z 0-9 . _ -',
        "line 3, sample: it is missing; every sample needs a name",
        "line 4: it has 1 cell; the header has 2",
        "line 5, reads: it is missing",
        "line 7, sample: NA5 is also on line 6",
        f'line 8, sample: it is "{"n" * 70}"; a name is 1 to 64 of A-Z a-z 0-9 . _ -',
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ["the sheet: it has no samples"]),
        ("sample\n", ["the sheet: it has no samples"]),
        ("name,reads\nNA1,r\n", ["line 1, sample: there is no column sample; there are: name, reads"]),
        ("sample,reads,reads\nNA1,r,r\n", ["line 1, reads: two columns have this name"]),
        ("sample,,reads\nNA1,x,r\n", ["line 2: column 2 has a value here and no name; name it or empty it"]),
        ('sample\n"NA1\n', ["line 2: it opens a quote that is never closed"]),
        ('"sample\nNA1\n', ["line 1: it opens a quote that is never closed"]),
        ('{"sample": "NA1"}\n', ["line 1: it is JSON; give JSON Lines a name that ends in .jsonl"]),
        (
            b"PK\x03\x04\x14\0",
            [SPREADSHEET],
        ),
        (b"\x1f\x8b\x08", ["the sheet: it is compressed with gzip; unpack it first: gunzip"]),
        (
            "sample".encode("utf-16"),
            ["the sheet: it is UTF-16, as Excel's Unicode Text; save it as CSV in UTF-8"],
        ),
        (
            "sample,cohort\nNA1,x\n",
            ["line 2, cohort: it is given when the cohort is launched, not by the sheet"],
        ),
        (
            "sample\rNA1\rNAé\r".encode("latin-1"),
            ["line 3: the byte 0xe9 (é in Windows-1252) is not UTF-8; save the sheet as UTF-8"],
        ),
        (b"sample\nNA\x81\n", ["line 2: the byte 0x81 is not UTF-8; save the sheet as UTF-8"]),
        ("sample\n".encode("utf-16-le"), ["the sheet: it is UTF-16; save it as CSV in UTF-8"]),
        ("sample\n".encode("utf-16-be"), ["the sheet: it is UTF-16; save it as CSV in UTF-8"]),
        ("sample\n".encode("utf-32"), ["the sheet: it is UTF-32; save it as CSV in UTF-8"]),
        (b"PK\x05\x06\0\0", [SPREADSHEET]),
        (
            bz2.compress(b"sample\nNA1\n"),
            ["the sheet: it is compressed with bzip2; unpack it first: bunzip2"],
        ),
        (lzma.compress(b"sample\nNA1\n"), ["the sheet: it is compressed with xz; unpack it first: unxz"]),
        (b"\x28\xb5\x2f\xfd\x24", ["the sheet: it is compressed with zstd; unpack it first: unzstd"]),
        (b"%PDF-1.7\n", ["the sheet: it is a PDF; save it as CSV in UTF-8"]),
        (b"{\\rtf1 sample}", ["the sheet: it is RTF, of a word processor; save it as CSV in UTF-8"]),
        (
            b"\n<!doctype HTML>",
            ["the sheet: it is XML or a web page, perhaps an error or a login in the sheet's place"],
        ),
    ],
)
def test_a_sheet_that_is_no_csv_of_samples_says_why(text: str | bytes, says: list[str]) -> None:
    assert problems(text) == says


def test_inputs_and_sheets_have_their_limits() -> None:
    most = "x" * (MAX_INPUT_BYTES - len('{"sample":"NA1","x":"","cohort":"run-7"}'))
    assert read(f"sample,x\nNA1,{most}\n").rows
    assert problems(f"sample,x\nNA1,{most}x\n") == [
        f"line 2: its execution's input is {MAX_INPUT_BYTES + 1} bytes; {MAX_INPUT_BYTES} are allowed"
    ]
    rows = "\n".join(f"s{number}" for number in range(MAX_ROWS + 1))
    assert problems(f"sample\n{rows}") == [
        f"the sheet: it has {MAX_ROWS + 1:,} samples; {MAX_ROWS:,} are allowed"
    ]


def test_the_names_of_cohort_and_sample_fit_into_an_executions_name() -> None:
    assert read("sample\n" + "n" * 32, cohort="c" * 40).rows
    (problem,) = problems("sample\n" + "n" * 33, cohort="c" * 40)
    assert "with the cohort's name it may have 72 characters" in problem
    (problem,) = problems("sample\nNA1\n", cohort="run 7")
    assert problem.startswith('the sheet: the cohort\'s name is "run 7"')


def test_a_samples_name_cannot_be_shared() -> None:
    assert "the sheet, sample: it cannot be shared by all samples" in problems(
        "sample\nNA1\n", shared={"sample": "x"}
    )


def test_the_error_lists_the_first_problems() -> None:
    with pytest.raises(InvalidSheetError, match="and 10 more"):
        read("sample\n" + "bad name\n" * 60)


@pytest.mark.parametrize(
    ("name", "fmt"),
    [("a.csv", "csv"), ("A.JSONL", "jsonl"), ("x.ndjson", "jsonl"), ("a.tsv", "tsv"), ("sheet", "csv")],
)
def test_the_files_name_tells_the_format(name: str, fmt: str) -> None:
    assert sheet_format(name) == fmt


@pytest.mark.parametrize(
    ("text", "fmt"),
    [
        ("sample;reads\r\nNA1;s3://b/a,b.fq\r\n", "csv"),
        ("sample\treads\nNA1\ts3://b/a,b.fq\n", "tsv"),
        ("sample\treads\nNA1\ts3://b/a,b.fq\n", "csv"),
        ('sample,reads\nNA1,"s3://b/a,b.fq"\n', "tsv"),
        ("sep=|\nsample|reads\nNA1|s3://b/a,b.fq\n", "csv"),
        ('sample, reads,,\nNA1, "s3://b/a,b.fq" ,,\n', "csv"),
        ('sample,reads\rNA1,"s3://b/a,b.fq",,\r', "csv"),
        ("SEP=;;\r\nsample;reads;\r\nNA1;s3://b/a,b.fq\r\n", "csv"),
        ('sample\u00a0,reads\n\tNA1 ,"s3://b/a,b.fq"\n', "csv"),
        ('{"sample": "NA1", "reads": "s3://b/a,b.fq"}\r', "jsonl"),
    ],
)
def test_a_sheet_is_read_as_spreadsheets_of_any_country_write_it(text: str, fmt: SheetFormat) -> None:
    assert inputs(read(text, fmt)) == [{"sample": "NA1", "reads": "s3://b/a,b.fq", "cohort": "run-7"}]


def test_a_quote_is_reported_at_the_line_where_it_opens() -> None:
    rows = "".join(f"S{number},r\n" for number in range(1500))
    assert problems(f'sample,reads\nNA1,"r\n{rows}') == ["line 2: it opens a quote that is never closed"]
    assert problems('sample,reads\nNA1,"r\n\nr"\nNA 2,r\n') == [
        "line 2: it opens a quote that closes on line 4; a cell has no line breaks",
        'line 5, sample: it is "NA 2"; a name is 1 to 64 of A-Z a-z 0-9 . _ -',
    ]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ('5" tube', "it has a quote within a cell that is not in quotes"),
        ('"a"b', "it has text behind the quote that closes a cell"),
    ],
)
def test_quotes_that_do_not_match_are_refused(cell: str, says: str) -> None:
    assert problems(f"sample,reads,x\nNA1,{cell},1\n") == [f"line 2: {says}"]
    assert inputs(read('sample,x\nNA1,"5"" tube"\n'))[0]["x"] == '5" tube'


def test_what_a_field_must_be_is_said_once_for_all_that_share_it() -> None:
    kinds = {"depth": Whole(1, 9)}
    assert problems('{"sample": "a", "depth": "4"}', "jsonl", kinds=kinds) == [
        'line 1, depth: it is "4"; it must be an integer from 1 to 9'
    ]
    assert problems("sample\nNA1\nNA2\n", shared={"depth": 10}, kinds=kinds) == [
        "the sheet, depth: it is 10; it must be an integer from 1 to 9"
    ]


def test_two_sheets_are_the_same_when_their_inputs_are() -> None:
    by_csv = read("sample,reads\nNA1,r\n")
    assert read('{"sample": "NA1", "reads": "r"}', "jsonl").sha256 == by_csv.sha256
    assert read("sample,reads\nNA1,other\n").sha256 != by_csv.sha256


CELLS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    .map(str.strip)
    .filter(lambda cell: not unseen_complaint(cell) and not cell_complaint(cell))
)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_what_a_spreadsheet_writes_is_read_as_it_was(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(
        [("sample", "reads", "panel"), *((f"s{n}", *row) for n, row in enumerate(rows))]
    )
    read_back = [(each.get("reads", ""), each.get("panel", "")) for each in inputs(read(out.getvalue()))]
    assert read_back == rows


@given(st.text(max_size=200), st.sampled_from(["csv", "tsv", "jsonl"]))
def test_any_text_is_a_sheet_or_says_why_not(text: str, fmt: SheetFormat) -> None:
    try:
        sheet = read(text, fmt)
    except InvalidSheetError:
        return
    assert sheet.rows
