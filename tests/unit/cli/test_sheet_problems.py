"""What is said of a bad sheet."""

from __future__ import annotations

from sluice.cohorts.sheet_cells import Problem
from sluice_cli.cohorts.sheet_problems import LINES_SHOWN, listing


def test_every_bad_row_is_named() -> None:
    problems = [Problem(2, "sample", "it is missing"), Problem(5, "sample", "c is also on line 3")]
    assert listing("run.csv", problems).splitlines() == [
        "run.csv has 2 problems; nothing was started.",
        "  line 2, sample: it is missing",
        "  line 5, sample: c is also on line 3",
    ]


def test_rows_that_lack_the_same_are_named_together() -> None:
    lines = [*range(2, 1502), 1510, 1512, 1513]
    problems = [Problem(line, name, "it is missing") for line in lines for name in ("reads", "panel")]
    assert listing("run.csv", problems).splitlines() == [
        "run.csv has 3,006 problems; nothing was started.",
        "  lines 2-1501, 1510, 1512-1513, reads: it is missing",
        "  lines 2-1501, 1510, 1512-1513, panel: it is missing",
    ]


def test_a_sheet_that_is_wrong_as_a_whole_has_no_line() -> None:
    assert "  the sheet: it has no samples" in listing("-", [Problem(0, None, "it has no samples")])
    assert listing("-", [Problem(0, None, "it has no samples")]).startswith("- has 1 problem; ")


def test_what_is_too_much_to_read_is_counted() -> None:
    scattered = [Problem(2 * number, None, "odd") for number in range(1, 100)]
    assert scattered[0].says in listing("s", scattered)
    assert listing("s", scattered).endswith("18, 20, 22, 24 and 87 more: odd")
    different = [Problem(number, None, f"{number}") for number in range(1, LINES_SHOWN + 11)]
    assert listing("s", different).endswith("\n  and 10 more")
