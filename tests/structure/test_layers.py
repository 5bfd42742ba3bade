"""Who may import whom, and how large a piece may be (docs/design.md, Layout)."""

from __future__ import annotations

import ast
import statistics
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
SLUICE = FUNCTIONS / "sluice"
HANDLERS = sorted(FUNCTIONS.glob("*/app.py"))

PRODUCT = ("functions", "jobs", "src", "demo", "examples", "accept", "bench", "tools")
ROOTS = ("functions", "jobs", "src", ".")
"""Folders from which packages are imported."""

FOUNDATION = {
    "arns",
    "batch_words",
    "causes",
    "deadline",
    "errors",
    "events",
    "fair_order",
    "ports",
    "refusals",
    "schema",
}
"""The modules of the shared package that stand in no room: every room may use them."""

ROOMS = {
    "rate": set(),
    "runtime": set(),
    "tasks": {"rate"},
    "arrays": {"rate", "tasks"},
    "cohorts": {"rate"},
    "pollers": {"runtime.settings", "tasks"},
    "aws": {"arrays", "cohorts", "pollers.ports", "rate", "tasks"},
    "wiring": {"arrays", "aws", "cohorts", "pollers", "rate", "runtime", "tasks"},
}
"""The rooms of the shared package, and the rooms or modules that each may import."""

PURE = {
    "arns",
    "arrays.shape",
    "batch_words",
    "causes",
    "deadline",
    "events",
    "refusals",
    "schema",
    "cohorts.events",
    "cohorts.model",
    "cohorts.redrives",
    "cohorts.request",
    "cohorts.sheet",
    "cohorts.sheet_cells",
    "cohorts.sheet_files",
    "cohorts.sheet_json",
    "cohorts.sheet_lines",
    "pollers.request",
    "rate.gcra",
    "runtime.settings",
    "tasks.completion",
    "tasks.contract",
    "tasks.execution_event",
    "tasks.job_errors",
    "tasks.job_event",
    "tasks.model",
    "tasks.parsing",
    "tasks.reconciliation",
    "tasks.submission",
}
"""Modules that decide: no clock, no chance, no network, no environment."""

IMPURE = {
    "arns",
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

EDGES = {"aws", "runtime", "wiring"}
"""Rooms that touch the world; all other rooms know it by their ports."""


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


def in_sluice(path: Path) -> set[str]:
    """The modules of the shared package that a file imports, such as `tasks.model`."""
    names = {name.removeprefix("sluice.") for name in imports(path) if name.startswith("sluice.")}
    return {name for name in names if (SLUICE / f"{name.replace('.', '/')}.py").is_file()}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def module_name(path: Path) -> str:
    """The name by which a product file is imported."""
    root = next(root for root in ROOTS if path.is_relative_to(ROOT / root))
    name = ".".join(path.relative_to(ROOT / root).with_suffix("").parts)
    return name.removesuffix(".__init__")


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_modules_import_only_pure_things(name: str) -> None:
    path = SLUICE / f"{name.replace('.', '/')}.py"
    assert not tops(path) & IMPURE
    assert in_sluice(path) <= PURE
    assert tops(path) <= {"sluice", *sys.stdlib_module_names}


def test_the_shared_package_has_these_rooms_and_no_other_modules() -> None:
    assert {path.name for path in SLUICE.iterdir() if path.is_dir() and path.name != "__pycache__"} == {
        *ROOMS
    }
    assert {path.stem for path in SLUICE.glob("*.py")} == {"__init__", *FOUNDATION}


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    allowed = ROOMS[room] | {room}
    for path in (SLUICE / room).glob("*.py"):
        others = {name for name in in_sluice(path) if name not in FOUNDATION}
        assert {name for name in others if not {name, name.split(".")[0]} & allowed} == set(), path


@pytest.mark.parametrize("room", sorted(ROOMS.keys() - EDGES))
def test_services_know_the_world_by_its_ports_only(room: str) -> None:
    for path in (SLUICE / room).glob("*.py"):
        assert not tops(path) & IMPURE, path


def test_what_stands_in_no_room_knows_no_room_but_for_its_types() -> None:
    for name in FOUNDATION - {"ports"}:
        known = {each for each in in_sluice(SLUICE / f"{name}.py") if each not in FOUNDATION}
        assert known <= {"rate.gcra"}, name


@pytest.mark.parametrize("path", sources("functions"), ids=str)
def test_botocore_has_one_place_and_the_slower_boto3_none(path: Path) -> None:
    allowed = {"botocore"} if (SLUICE / "aws") in path.parents else set()
    assert tops(path) & {"boto3", "botocore"} <= allowed


@pytest.mark.parametrize(
    ("folder", "never"),
    [
        (
            "functions",
            {"sluice_local", "sluice_cli", "sluice_pages", "lowpass", "demo", "tests", "bench", "tools"},
        ),
        ("jobs", {"sluice", "sluice_local", "sluice_cli", "sluice_pages", "demo", "tests", "bench", "tools"}),
        ("src/sluice_local", {"sluice_cli", "demo", "tests", "bench", "tools"}),
        ("src/sluice_cli", {"sluice_local", "lowpass", "demo", "tests", "bench", "tools"}),
        (
            "src/sluice_pages",
            {"sluice", "sluice_local", "sluice_cli", "lowpass", "demo", "tests", "bench", "tools"},
        ),
        ("demo", {"tests", "accept", "bench", "tools"}),
        ("accept", {"sluice", "lowpass", "tests", "demo", "bench", "tools"}),
        ("bench", {"tests", "accept", "demo", "tools"}),
    ],
)
def test_nothing_deployed_knows_what_is_not(folder: str, never: set[str]) -> None:
    for path in sources(folder):
        assert not tops(path) & never, path


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {module_name(path): path for path in sources(*PRODUCT)}
    graph = {name: imports(path) & modules.keys() - {name} for name, path in modules.items()}
    # a package's name is among the imports of its modules
    for name, known in graph.items():
        graph[name] = {each for each in known if not name.startswith(f"{each}.")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_handlers_are_short(path: Path) -> None:
    handler = next(node for node in functions(path) if node.name == "lambda_handler")
    assert length(handler) <= 20


def test_files_functions_and_folders_are_small() -> None:
    paths = sources(*PRODUCT)
    assert [str(path) for path in paths if len(path.read_text().splitlines()) > 300] == []
    lengths = {f"{path}:{node.name}": length(node) for path in paths for node in functions(path)}
    assert {name: size for name, size in lengths.items() if size > 45} == {}
    assert statistics.median(lengths.values()) <= 8
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= 30
    modules = [path.parent for path in paths]
    assert {str(folder): modules.count(folder) for folder in modules if modules.count(folder) > 16} == {}


def test_no_module_is_called_after_nothing() -> None:
    names = {path.stem for path in sources(*PRODUCT)}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc"}
