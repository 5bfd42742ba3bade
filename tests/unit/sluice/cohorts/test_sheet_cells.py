"""Names, values and lines of a sheet that are not what they look like are named."""

from __future__ import annotations

import json

import pytest

from tests.unit.sluice.cohorts.sheets import inputs, problems, read


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "the sheet: it is JSON over several lines; JSON Lines has one object a line: jq -c . "),
        ("sample,reads", "the sheet: it is no JSON; the name of a CSV ends in .csv"),
        ('{"sample": "NA1"},', "line 1: it ends with a comma; JSON Lines has none between its lines"),
        ('{"sample": "NA1",}', "line 1: not valid JSON at column 18: "),
        ("{'sample': 'NA1'}", "line 1: not valid JSON at column 2: a name in double quotes is missing"),
        ('{"sample": "a"} {}', "line 1: not valid JSON at column 17: there is more behind the object"),
        (
            '{"sample": }',
            "line 1: not valid JSON at column 12: no value is there, or one that JSON does not ",
        ),
        (
            '{"sample": "a", "n": ' + "9" * 5000 + "}",
            "line 1: not valid JSON: 99999999999999999999… of 5000 ",
        ),
        ("1", "line 1: it is 1; a sample is a JSON object"),
        ("[1]", "the sheet: it is a JSON array; JSON Lines has one object a line: jq -c '.[]' "),
        ('{"sample": "NA1", "depth": 1e999}', "line 1: not valid JSON: 1e999 is too large a number"),
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
        'line 1, sample: there is no column sample; rename "sample\\u200b" to sample',
    ]
    assert all(each.isprintable() for each in problems("\x1b[2Jsample,reads\nNA1,r\n"))
    (key,) = problems('{"sample": "NA1", "\\u001b[2J": 1}', "jsonl")
    assert key.startswith('line 1, "\\u001b[2J": it is "\\u001b[2J", with U+001B')


@pytest.mark.parametrize("name", ["Sample", "SAMPLE", "sample_id", "Sample Name", "'sample'", "#sample"])
def test_a_column_that_is_called_much_like_sample_is_to_be_renamed(name: str) -> None:
    says = f"line 1, sample: there is no column sample; rename {name} to sample"
    assert problems(f"{name};reads\nNA1;r\n") == [says]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("sample|reads", "separate the cells of sample|reads by commas, semicolons or tabs"),
        ("sample reads", "separate the cells of sample reads by commas, semicolons or tabs"),
        # the second letter is Cyrillic
        ("s\u0430mple,reads", 'there are: s\u0430mple ("s\\u0430mple"), reads'),
        ("sep=a\nsample,reads", "there are: sep=a"),
    ],
)
def test_a_header_without_a_column_sample_says_what_there_is(header: str, says: str) -> None:
    assert problems(f"{header}\nNA1\n") == [f"line 1, sample: there is no column sample; {says}"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("s3://b/a\u00a0b", "U+00A0 (NO-BREAK SPACE), which only looks like a blank; write a blank or take"),
        ("a\u3164b", "U+3164 (HANGUL FILLER), which nobody sees; take it out"),
        ("a\ufe0f", "U+FE0F (VARIATION SELECTOR-16), which nobody sees; take it out"),
        ("a\ufffdb", "U+FFFD (REPLACEMENT CHARACTER), which stands for one that was lost; write it anew"),
        ("\u201cs3://b/a\u201d", 'in typographic quotes; CSV has straight ones: "'),
        ("#N/A", "it is #N/A, an error of the spreadsheet's"),
    ],
)
def test_a_cell_that_is_not_what_it_looks_like_is_refused(value: str, says: str) -> None:
    (problem,) = problems(f"sample,reads\nNA1,{value}\n")
    assert problem.startswith("line 2, reads: it is ")
    assert says in problem


def test_blanks_and_quotes_within_a_text_are_the_writers() -> None:
    said = "東京\u3000\u201cwest\u201d of it"
    assert inputs(read(f"sample,note\nNA1,{said}\n"))[0]["note"] == said


def test_a_required_field_under_another_spelling_is_named() -> None:
    assert problems("sample,Genetic_Map\nNA1,m\n", required=("geneticMap",)) == [
        "line 2, geneticMap: it is missing; rename Genetic_Map to geneticMap"
    ]
