"""Commands beside the workflow."""

import pytest

from sluice_local.lowpass.runs import LowpassRunError, in_parallel, run_lowpass


def test_every_item_is_worked_on_once() -> None:
    assert sorted(in_parallel(lambda number: number * 2, range(20), workers=3)) == list(range(0, 40, 2))


def test_an_error_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_parallel(lambda number: 1 // number, [1, 0, 1], workers=2))


def test_a_command_that_fails_says_why_in_its_own_words() -> None:
    files = ("--panel", "nowhere.bcf", "--output", "reference.fa.gz")
    with pytest.raises(LowpassRunError, match=r"there is no file nowhere\.bcf"):
        run_lowpass("reference", *files)
