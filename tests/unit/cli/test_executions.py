"""By which names an execution is found."""

from __future__ import annotations

import pytest

from sluice_cli.aws.executions import is_called


@pytest.mark.parametrize(
    ("name", "asked", "cohort", "found"),
    [
        ("NA06989", "NA06989", None, True),
        ("run-42.1.NA06989", "NA06989", None, True),
        ("run-42.3.NA06989", "NA06989", "run-42", True),
        ("run-42.1.NA06989", "NA06989", "run-4", False),
        ("run-42.1.lab.NA06989", "lab.NA06989", "run-42", True),
        ("run-42.1.lab.NA06989", "NA06989", None, False),
        ("NA06989-9f3e", "NA06989", None, True),
        ("NA06989-9f3e", "NA06989", "run-42", False),
        ("NA069891-9f3e", "NA06989", None, False),
        ("NA06989", "NA06989", "run-42", False),
    ],
)
def test_a_sample_is_found_by_its_cohort_s_names_and_by_a_name_with_a_suffix(
    name: str, asked: str, cohort: str | None, found: bool
) -> None:
    assert is_called(name, asked, cohort) is found
