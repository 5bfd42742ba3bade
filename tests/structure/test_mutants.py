"""The table of mutants fits the tree; `make mutation` tries them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.mutation.mutant import Mutant, MutantError, mutated
from tests.mutation.mutants import MUTANTS
from tests.mutation.trial import failed_tests

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.turned_off)
def test_each_guard_is_where_its_mutant_says(mutant: Mutant) -> None:
    text = (ROOT / mutant.path).read_text()
    compile(mutated(mutant, text), mutant.path, "exec")
    assert f"| {mutant.promise} |" in (ROOT / "docs/design.md").read_text()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.turned_off)
def test_each_prover_is_a_test(mutant: Mutant) -> None:
    for prover in mutant.provers:
        file, name = prover.split("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / "tests" / file).read_text()


def test_every_promise_has_a_mutant() -> None:
    table = (ROOT / "docs/design.md").read_text().partition("## Promises")[2].partition("\n## ")[0]
    promises = set(re.findall(r"^\| (\S[^|]*\.) \|", table, flags=re.MULTILINE))
    assert promises == {mutant.promise for mutant in MUTANTS}


def test_what_the_simulation_does_is_said_of_every_promise() -> None:
    text = (ROOT / "docs/design.md").read_text()
    table = text.partition("## What the simulation does against them")[2].partition("\n## ")[0]
    promises = re.findall(r"^\| (\S[^|]*\.) \|", table, flags=re.MULTILINE)
    assert promises == list(dict.fromkeys(promises))
    assert set(promises) == {mutant.promise for mutant in MUTANTS}


@pytest.mark.parametrize("text", ["", "guard guard"])
def test_a_guard_that_is_not_there_once_is_named(text: str) -> None:
    mutant = Mutant("No task is lost.", "the guard", "file.py", "guard", "pass", ())
    with pytest.raises(MutantError, match=r"file\.py holds the guard 'the guard'"):
        mutated(mutant, text)


def test_failed_tests_are_read_from_what_pytest_says() -> None:
    said = (
        "FAILED tests/a.py::test_one[local-aws] - assert 1 == 2\nFAILED tests/a.py::test_two\n2 failed in 1s"
    )
    assert failed_tests(said) == ("test_one", "test_two")
