"""A sheet is read whole, and every bad row is named at once."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.cohorts.sheet import (
    MAX_INPUT_BYTES,
    MAX_ROWS,
    InvalidSheetError,
    Sheet,
    SheetRules,
    decode_sheet,
    parse_sheet,
    sheet_format,
)

if TYPE_CHECKING:
    from sluice.cohorts.sheet import SheetFormat

RULES = SheetRules("run-7", shared={})


def read(text: str, fmt: SheetFormat = "csv", **rules: Any) -> Sheet:
    return parse_sheet(text, fmt=fmt, rules=SheetRules(**{"cohort": "run-7", "shared": {}, **rules}))


def inputs(sheet: Sheet) -> list[dict[str, Any]]:
    return [json.loads(row.input) for row in sheet.rows]


def problems(text: str | bytes, fmt: SheetFormat = "csv", **rules: Any) -> list[str]:
    with pytest.raises(InvalidSheetError) as caught:
        read(decode_sheet(text) if isinstance(text, bytes) else text, fmt, **rules)
    return [str(problem) for problem in caught.value.problems]


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
        "line 4: it has 1 cells; the header has 2",
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
        ("sample,,reads\nNA1,,r\n", ["line 1: column 2 has no name"]),
        ('sample\n"NA1\n', ["line 2: not valid CSV: unexpected end of data"]),
        (
            "sample,cohort\nNA1,x\n",
            ["line 2, cohort: it is given when the cohort is launched, not by the sheet"],
        ),
        (b"sample\nNA\xff\n", ["line 2: the byte 0xff is not UTF-8; save the sheet as UTF-8"]),
    ],
)
def test_a_sheet_that_is_no_csv_of_samples_says_why(text: str | bytes, says: list[str]) -> None:
    assert problems(text) == says


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1: not valid JSON: "),
        ("[1]", "line 1: it is [1]; a sample is a JSON object"),
        ('{"sample": 7}', "line 1, sample: it is 7; "),
        ('{"sample": "NA1", "depth": NaN}', "line 1: not valid JSON: NaN is not a JSON number"),
        ('{"sample": "NA1", "x": "\\ud800"}', "line 1: it contains an unpaired surrogate"),
        ("[" * 200_000, "line 1: not valid JSON: too deep"),
    ],
)
def test_a_line_that_is_no_sample_says_why(line: str, says: str) -> None:
    (problem,) = problems(line, "jsonl")
    assert problem.startswith(says)


def test_inputs_and_sheets_have_their_limits() -> None:
    most = "x" * (MAX_INPUT_BYTES - len('{"sample":"NA1","x":"","cohort":"run-7"}'))
    assert read(f"sample,x\nNA1,{most}\n").rows
    assert problems(f"sample,x\nNA1,{most}x\n") == [
        f"line 2: its execution's input is {MAX_INPUT_BYTES + 1} bytes; {MAX_INPUT_BYTES} are allowed"
    ]
    rows = "\n".join(f"s{number}" for number in range(MAX_ROWS + 1))
    assert problems(f"sample\n{rows}") == [
        f"the sheet: it has {MAX_ROWS + 1} samples; {MAX_ROWS} are allowed"
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
    ("name", "fmt"), [("a.csv", "csv"), ("A.JSONL", "jsonl"), ("x.ndjson", "jsonl"), ("sheet", "csv")]
)
def test_the_files_name_tells_the_format(name: str, fmt: str) -> None:
    assert sheet_format(name) == fmt


def test_two_sheets_are_the_same_when_their_inputs_are() -> None:
    by_csv = read("sample,reads\nNA1,r\n")
    assert read('{"sample": "NA1", "reads": "r"}', "jsonl").sha256 == by_csv.sha256
    assert read("sample,reads\nNA1,other\n").sha256 != by_csv.sha256


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(str.strip)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_what_a_spreadsheet_writes_is_read_as_it_was(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(
        [("sample", "reads", "panel"), *((f"s{n}", *row) for n, row in enumerate(rows))]
    )
    read_back = [(each.get("reads", ""), each.get("panel", "")) for each in inputs(read(out.getvalue()))]
    assert read_back == rows


@given(st.text(max_size=200), st.sampled_from(["csv", "jsonl"]))
def test_any_text_is_a_sheet_or_says_why_not(text: str, fmt: SheetFormat) -> None:
    try:
        sheet = read(text, fmt)
    except InvalidSheetError:
        return
    assert sheet.rows
