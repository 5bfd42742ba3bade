"""A sheet is read whole, and every bad row is named at once."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.cohorts.sheet import MAX_INPUT_BYTES, MAX_ROWS, Sheet, SheetRules, parse_sheet
from sluice.cohorts.sheet_lines import InvalidSheetError, decode_sheet, sheet_format
from sluice.schema import Whole

if TYPE_CHECKING:
    from sluice.cohorts.sheet_lines import SheetFormat

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
        ("sample,,reads\nNA1,x,r\n", ['line 2: it has "x" in a column without a name']),
        ('sample\n"NA1\n', ["line 2: it opens a quote that is never closed"]),
        ('"sample\nNA1\n', ["line 1: it opens a quote that is never closed"]),
        ('{"sample": "NA1"}\n', ["line 1: it is JSON; give JSON Lines a name that ends in .jsonl"]),
        (
            b"PK\x03\x04\x14\0",
            ["the sheet: it is a spreadsheet or an archive (.xlsx, .ods, .zip); save it as CSV in UTF-8"],
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
        (b"sample\nNA\xff\n", ["line 2: the byte 0xff is not UTF-8; save the sheet as UTF-8"]),
    ],
)
def test_a_sheet_that_is_no_csv_of_samples_says_why(text: str | bytes, says: list[str]) -> None:
    assert problems(text) == says


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1: not valid JSON: "),
        ("1", "line 1: it is 1; a sample is a JSON object"),
        ("[1]", "the sheet: it is a JSON array; JSON Lines has one object a line: jq -c '.[]' "),
        ('{"sample": "NA1", "depth": 1e999}', "line 1: not valid JSON: 1e999 is not a JSON number"),
        ('{"sample": "a", "r": 1, "r": 2}', 'line 1: not valid JSON: the name "r" is there twice'),
        ('{"sample": "a", "o": {"r": 1, "r": 2}}', 'line 1: not valid JSON: the name "r" is there twice'),
        ('{"sample": 7}', "line 1, sample: it is 7; "),
        ('{"sample": "NA1", "depth": NaN}', "line 1: not valid JSON: NaN is not a JSON number"),
        ('{"sample": "NA1", "x": "\\ud800"}', "line 1: it contains an unpaired surrogate"),
        ('{"a":' * 200_000, "line 1: not valid JSON: too deep"),
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


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("a\0b", 'it is "a\\u0000b", with U+0000 (a control character)'),
        ("a\u200b", 'it is "a\\u200b", with U+200B (ZERO WIDTH SPACE)'),
        ("\ufeffa", 'it is "\\ufeffa", with U+FEFF (ZERO WIDTH NO-BREAK SPACE)'),
        ("a\u2028b", "with U+2028 (LINE SEPARATOR)"),
        ("a\tb", "with U+0009 (a control character)"),
    ],
)
def test_characters_that_nobody_sees_are_refused_and_shown(value: str, says: str) -> None:
    (problem,) = problems(f"sample,reads\nNA1,{value}\n")
    assert problem.startswith("line 2, reads: it is ")
    assert says in problem
    (deep,) = problems(json.dumps({"sample": "NA1", "lanes": [{"reads": value}]}), "jsonl")
    assert says in deep
    (shared,) = problems("sample\nNA1\nNA2\n", shared={"reads": value})
    assert shared.startswith("the sheet, reads: it is ")
    assert all(problem.isprintable() for problem in (problem, deep, shared))


def test_invisible_characters_in_names_are_shown() -> None:
    assert problems("sample\u200b,reads\nNA1,r\n") == [
        (
            'line 1, column 1: it is "sample\\u200b", with U+200B (ZERO WIDTH SPACE), '
            "which nobody sees; take it out"
        ),
        'line 1, sample: there is no column sample; there are: "sample\\u200b", reads',
    ]
    assert all(each.isprintable() for each in problems("\x1b[2Jsample,reads\nNA1,r\n"))
    (key,) = problems('{"sample": "NA1", "\\u001b[2J": 1}', "jsonl")
    assert key.startswith('line 1, "\\u001b[2J": it is "\\u001b[2J", with U+001B')


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


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), max_size=8).map(str.strip)


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
