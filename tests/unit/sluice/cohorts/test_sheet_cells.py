"""Names, values and lines of a sheet that are not what they look like are named."""

from __future__ import annotations

import json

import pytest

from tests.unit.sluice.cohorts.sheets import inputs, problems, read


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "the sheet: it is JSON over several lines; JSON Lines has one object a line: jq -c '.' "),
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
        ("a\0b", 'it is "a\\u0000b", with U+0000 (NULL)'),
        ("a\u200b", 'it is "a\\u200b", with U+200B (ZERO WIDTH SPACE)'),
        ("\ufeffa", 'it is "\\ufeffa", with U+FEFF (ZERO WIDTH NO-BREAK SPACE)'),
        ("a\x01b", "with U+0001 (a control character)"),
        ("a\u2028b", "with U+2028 (LINE SEPARATOR)"),
        ("a\tb", "with U+0009 (TAB)"),
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
        ("sep=a\nsample,reads", "it is on line 2: take out the lines before that"),
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


def test_a_line_that_does_not_fit_says_what_nobody_sees_in_it() -> None:
    assert problems("sample,reads\nS1,a\n\0\0\n") == [
        'line 3: it is "\\u0000\\u0000", with U+0000 (NULL), which nobody sees; take it out'
    ]


@pytest.mark.parametrize(
    ("char", "name"), [("\u200b", "ZERO WIDTH SPACE"), ("\x1b", "ESCAPE"), ("\x1a", "SUBSTITUTE, Ctrl-Z")]
)
def test_characters_that_nobody_sees_are_named_in_a_sample_s_name_too(char: str, name: str) -> None:
    (problem,) = problems(f"sample,reads\nS{char}1,a\n")
    assert f"U+{ord(char):04X} ({name}), which nobody sees; take it out" in problem


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("sample,Sample", "the columns sample and Sample differ in capital and small letters only"),
        ("sample,reads,Reads", "the columns reads and Reads differ in capital and small letters only"),
        # an accent of its own, and one that belongs to its letter
        (
            "sample,re\u0301ads,r\u00e9ads",
            'the columns re\u0301ads ("re\\u0301ads") and r\u00e9ads ("r\\u00e9ads") look the same',
        ),
    ],
)
def test_columns_that_may_be_taken_for_one_are_refused(header: str, says: str) -> None:
    assert problems(f"{header}\nS1,a,b\n") == [f"line 1: {says}; rename or remove one"]


def test_columns_that_are_the_same_but_for_blanks_are_refused() -> None:
    assert problems("sample,reads,reads \nS1,a,b\n") == ["line 1, reads: two columns have this name"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"sample": "S1", "": "x"}', 'line 1, "": it is "x" in a field without a name'),
        ('{"sample": "S1", " ": 1}', 'line 1, " ": it is 1 in a field without a name'),
        ('{"sample": "S1", " x": 1}', 'line 1, " x": its name has blanks round it; take them out'),
        ('{"sample_id": "S1"}', "line 1, sample: it is missing; rename sample_id to sample"),
        ('{"Sample": "S1"}', "line 1, sample: it is missing; rename Sample to sample"),
        ('{"sample": 1}', "line 1, sample: it is 1; write the name in quotes"),
        ('{"sample": true}', "line 1, sample: it is true; write the name in quotes"),
        ('# lanes\n{"sample": "S1"}', "line 1: it is a comment; a sheet has none: take the line out"),
        (
            '{\u00a0"sample": "S1"}',
            'line 1: not valid JSON at column 2: it is "\\u00a0", with U+00A0 (NO-BREAK SPACE), which ',
        ),
        (
            "{\u201csample\u201d: 1}",
            'line 1: not valid JSON at column 2: \u201c is a typographic quote; JSON has straight ones: "',
        ),
    ],
)
def test_json_lines_get_the_same_hints_as_csv(line: str, says: str) -> None:
    (problem,) = problems(line, "jsonl")
    assert problem.startswith(says)


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ('{"samples": [{"sample": "S1"}]}', ".samples[]"),
        ('{"run": "42",\n "rows": [{"sample_id": "S1"},\n {"sample_id": "S2"}]}', ".rows[]"),
        ('{"S1": {"reads": "a"}, "S2": {"reads": "b"}}', "to_entries[] | {sample: .key} + .value"),
    ],
)
def test_one_object_with_all_samples_is_told_with_the_command_that_takes_them_out(
    text: str, program: str
) -> None:
    (problem,) = problems(text, "jsonl")
    assert problem.startswith(
        "the sheet: it is one JSON object with all samples; JSON Lines has one object a "
    )
    assert problem.endswith(f": jq -c '{program}' RUN.json > RUN.jsonl")


def test_an_object_over_several_lines_is_told_however_it_begins() -> None:
    (problem,) = problems('{"sample": "S1",\n "lanes": [{"reads": "a"}]}', "jsonl")
    assert problem.startswith("the sheet: it is JSON over several lines; ")
    assert problems('{"id": "S1", "lanes": [{"reads": "a"}]}', "jsonl") == [
        "line 1, sample: it is missing; every sample needs a name"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sample,reads\nS1;a\n", "its cells are separated by semicolons, those of the header by commas"),
        ("sample,reads\nS1\ta\n", "its cells are separated by tabs, those of the header by commas"),
        ("sample\treads\nS1,a\n", "its cells are separated by commas, those of the header by tabs"),
        ("sep=|\nsample|reads\nS1,a\n", 'its cells are separated by commas, those of the header by "|"'),
    ],
)
def test_rows_with_other_separators_than_the_header_say_so(text: str, says: str) -> None:
    (problem,) = problems(text)
    assert problem.partition(": ")[2] == says


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# made by a LIMS\n# on Monday\nsample,reads\nS1,a\n", [1, 2]),
        ("sample,reads\n#S0,a\nS1,b\n", [2]),
        ('sample,reads\n# the "bad" ones\nS1,b\n', [2]),
        ("sample,reads\nS1,b\n# end\n", [3]),
    ],
)
def test_comments_are_refused_line_by_line(text: str, lines: list[int]) -> None:
    says = "it is a comment; a sheet has none: take the line out"
    assert problems(text) == [f"line {line}: {says}" for line in lines]


def test_a_hash_in_another_column_is_a_value() -> None:
    assert inputs(read("colour,sample\n#ff0000,S1\n"))[0]["colour"] == "#ff0000"


@pytest.mark.parametrize("name", ["1E+05", "1.23457E+11"])
def test_a_name_that_a_spreadsheet_made_a_number_is_refused_with_the_reason(name: str) -> None:
    says = "a number as a spreadsheet writes it; format the column as text and write the names anew"
    assert problems(f"sample,reads\n{name},a\n") == [f"line 2, sample: it is {name}, {says}"]


def test_a_sheet_with_a_row_for_each_lane_says_what_to_do_once() -> None:
    text = "sample,lane,reads\nS1,L001,a\nS1,L002,b\nS2,L001,c\nS2,L002,d\n"
    assert problems(text) == [
        (
            "the sheet, sample: a sample has one row; put the files of several lanes into columns of their "
            "own, or into a list in JSON Lines, or join them, or give each row a sample name of its own"
        ),
        "line 3, sample: S1 is also on line 2",
        "line 5, sample: S2 is also on line 4",
    ]
    assert problems("sample,reads\nS1,a\nS1,a\n") == ["line 3, sample: S1 is also on line 2"]


@pytest.mark.parametrize("name", [".", "..", "-", "_"])
def test_a_name_has_a_letter_or_a_digit(name: str) -> None:
    assert problems(f"sample\n{name}\n") == [f"line 2, sample: it is {name}; a name has a letter or a digit"]


def test_a_header_that_comes_again_is_no_sample() -> None:
    assert problems("sample,reads\nS1,a\nsample,reads\nS2,b\n") == [
        "line 3: it is the header again; take it out"
    ]
    assert problems("sample,,\nS1\nsample\n") == ["line 3: it is the header again; take it out"]
    assert inputs(read("sample,reads\nsample,a\n"))[0]["sample"] == "sample"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("=A1", 'line 2, reads: it is "=A1", a formula; write its value'),
        ('=HYPERLINK("s3://b/x")', "line 2: it has a formula; write its value"),
        ('="001"', "line 2: it has a formula; write its value"),
    ],
)
def test_formulas_are_refused(cell: str, says: str) -> None:
    assert problems(f"sample,reads\nS1,{cell}\n") == [says]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Run 42,,\n\nsample,reads,x\nS1,a,b\n", "it is on line 3: take out the lines before that"),
        ('"sample,reads"\n"S1,a"\n', "all of a line is in one pair of quotes; take those out"),
        (",name,reads\n,S1,a\n", "there are: name, reads"),
    ],
)
def test_a_header_that_is_not_where_it_should_be_is_found(text: str, says: str) -> None:
    assert problems(text) == [f"line 1, sample: there is no column sample; {says}"]


def test_a_row_in_one_pair_of_quotes_says_so() -> None:
    assert problems('sample,reads\n"S1,a"\n') == [
        "line 2: all of a line is in one pair of quotes; take those out"
    ]


def test_empty_rows_before_the_header_do_no_harm() -> None:
    assert inputs(read(',,\n"",""\nsample,reads\nS1,a\n'))[0]["reads"] == "a"


def test_a_column_of_numbers_without_a_name_is_told_by_its_place() -> None:
    assert problems(",sample\n0,S1\n1,S2\n") == [
        f"line {line}: column 1 has a value here and no name; name it or empty it" for line in (2, 3)
    ]


def test_a_json_array_of_names_comes_with_the_command_that_makes_samples_of_them() -> None:
    (problem,) = problems('["S1", "S2"]', "jsonl")
    assert problem.endswith(": jq -c '.[] | {sample: .}' RUN.json > RUN.jsonl")
