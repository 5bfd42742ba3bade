"""pyproject.toml names every distribution that a program imports, and no more."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT: Any = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
NOT_IMPORTED = {
    "aws-lambda-powertools": "the deployed functions import it, in the processes that Local AWS runs them in",
    "ministack": "it is imported by names that are put together",
    "pyyaml": "aws-sam-translator reads the template by it",
    "sluice": "its own extra",
}


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(each).name) for each in requirements}


def run_time_imports(node: ast.AST) -> set[str]:
    """The first names of all that is imported, but for what is imported for type checking only."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return set()
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module.partition(".")[0]}
    return set().union(*(run_time_imports(child) for child in ast.iter_child_nodes(node)))


def imported(*folders: str) -> set[str]:
    """The distributions that the code of these folders imports."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    modules = set().union(*(run_time_imports(ast.parse(path.read_text())) for path in paths))
    ours = {"lowpass", "sluice", "sluice_cli", "sluice_local", "sluice_pages"}
    found = packages_distributions()
    return {canonicalize_name(found[each][0]) for each in modules - sys.stdlib_module_names - ours}


@pytest.mark.parametrize(
    ("folders", "declared", "brought"),
    [
        (("src/sluice_cli", "src/sluice_pages"), PYPROJECT["project"]["dependencies"], []),
        (("jobs/lowpass",), EXTRAS["lowpass"], ["botocore"]),
        (
            ("src/sluice_local",),
            EXTRAS["local"],
            [*PYPROJECT["project"]["dependencies"], *EXTRAS["lowpass"]],
        ),
    ],
    ids=["sluice", "lowpass", "sluice-local"],
)
def test_what_a_program_imports_is_declared(
    folders: tuple[str, ...], declared: list[str], brought: list[str]
) -> None:
    assert names(declared) - NOT_IMPORTED.keys() - imported(*folders) == set()
    assert imported(*folders) <= names(declared) | names(brought)


def test_the_functions_requirements_are_the_same_in_their_lock_and_on_local_aws() -> None:
    assert set(PYPROJECT["dependency-groups"]["lambda"]) <= set(EXTRAS["local"])


def test_uv_s_own_lock_is_no_part_of_the_project() -> None:
    assert "uv.lock" in (ROOT / ".gitignore").read_text().splitlines()
