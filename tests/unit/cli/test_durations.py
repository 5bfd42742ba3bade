"""Spans of time in words."""

from __future__ import annotations

import pytest

from sluice_cli.terminal.durations import moment, samples, span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than 1 s"),
        (0.2, "less than 1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (250, "4 min 10 s"),
        (3_600, "1 h"),
        (11_100, "3 h 5 min"),
        (176_400, "2 d 1 h"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_moment_is_told_in_utc() -> None:
    assert moment(1_795_428_489_999) == "2026-11-23 10:08:09"


@pytest.mark.parametrize(("number", "words"), [(0, "0 samples"), (1, "1 sample"), (1_500, "1,500 samples")])
def test_samples_are_counted_in_words(number: int, words: str) -> None:
    assert samples(number) == words
