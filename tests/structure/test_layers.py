"""Who may import whom, and how large a piece may be (docs/design.md, Layout)."""

from __future__ import annotations

import ast
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
HANDLERS = sorted(FUNCTIONS.glob("*/app.py"))

PURE = {
    "cohort",
    "cohort_event",
    "completion",
    "event",
    "execution_event",
    "healing",
    "job_errors",
    "job_event",
    "model",
    "poller_event",
    "rate",
    "sample_sheet",
    "settings",
    "shape",
    "submission",
    "task_building",
    "task_input",
}
"""Modules that decide: no clock, no chance, no network, no environment."""

IMPURE = {
    "boto3",
    "botocore",
    "aws_lambda_powertools",
    "os",
    "time",
    "uuid",
    "random",
    "socket",
    "subprocess",
}

SERVICES = {
    "chain",
    "cohort_counter",
    "cohort_healer",
    "cohort_starter",
    "worker",
    "completer",
    "reconciler",
    "overdue_jobs",
    "limiter",
    "poller_pool",
    "stopper",
    "submitter",
}
"""Modules that act, through ports only."""


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imports(path: Path) -> set[str]:
    """Every module that a file imports, also those for type checking only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_modules_import_only_pure_things(name: str) -> None:
    path = FUNCTIONS / "sluice" / f"{name}.py"
    assert not tops(path) & IMPURE
    ours = {each.split(".")[1] for each in imports(path) if each.startswith("sluice.")}
    assert ours <= PURE
    assert tops(path) <= {"sluice", *sys.stdlib_module_names}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_services_know_the_world_by_its_ports_only(name: str) -> None:
    path = FUNCTIONS / "sluice" / f"{name}.py"
    assert not tops(path) & IMPURE
    ours = {each.split(".")[1] for each in imports(path) if each.startswith("sluice.")}
    assert ours <= PURE | SERVICES | {"cohort_ports", "ports"}


def test_every_module_of_the_shared_package_has_its_layer() -> None:
    edges = {
        "__init__",
        "clock",
        "cohort_ports",
        "cohort_wiring",
        "full_wiring",
        "ports",
        "queue",
        "telemetry",
        "wiring",
    }
    modules = {path.stem for path in (FUNCTIONS / "sluice").glob("*.py")}
    assert modules == PURE | SERVICES | edges


@pytest.mark.parametrize("path", sources("functions"), ids=str)
def test_botocore_has_one_place_and_the_slower_boto3_none(path: Path) -> None:
    allowed = {"botocore"} if (FUNCTIONS / "sluice" / "aws") in path.parents else set()
    assert tops(path) & {"boto3", "botocore"} <= allowed


@pytest.mark.parametrize(
    ("folder", "never"),
    [
        ("functions", {"sluice_local", "sluice_cli", "sluice_pages", "lowpass", "tests", "bench"}),
        ("jobs", {"sluice", "sluice_local", "sluice_cli", "sluice_pages", "tests", "bench"}),
        ("local", {"sluice_cli", "tests", "bench"}),
        ("cli", {"sluice_local", "lowpass", "tests", "bench"}),
        ("pages", {"sluice", "sluice_local", "sluice_cli", "lowpass", "tests", "bench"}),
    ],
)
def test_nothing_deployed_knows_what_is_not(folder: str, never: set[str]) -> None:
    for path in sources(folder):
        assert not tops(path) & never, path


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_handlers_are_short(path: Path) -> None:
    handler = next(node for node in functions(path) if node.name == "lambda_handler")
    assert length(handler) <= 20


def test_files_and_functions_are_small() -> None:
    paths = sources("functions", "local", "jobs", "cli", "pages", "bench", "examples")
    too_long = [str(path) for path in paths if len(path.read_text().splitlines()) > 300]
    assert not too_long
    lengths = {f"{path}:{node.name}": length(node) for path in paths for node in functions(path)}
    assert {name: size for name, size in lengths.items() if size > 45} == {}
    assert statistics.median(lengths.values()) <= 8
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= 30


def test_no_module_is_called_after_nothing() -> None:
    names = {path.stem for path in sources("functions", "local", "jobs", "cli", "pages", "bench", "examples")}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc"}
