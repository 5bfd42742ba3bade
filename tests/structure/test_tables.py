"""The tables have one owner, and everybody else asks its stores (docs/design.md, Layout)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWNER = ROOT / "functions" / "sluice" / "aws" / "tables"
INDEXES = frozenset(re.findall(r"IndexName: *(\w+)", (ROOT / "template.yaml").read_text()))
OWN_ATTRIBUTES = frozenset({"askedAt", "cancelledAt", "heartbeatAt", "lookedAt", "nextRow", "sheetSha256"})
"""Attributes of the items that are words of nobody else, such as AWS's APIs or the JSON of the commands."""

TYPES = frozenset({"B", "BOOL", "BS", "L", "M", "N", "NS", "NULL", "S", "SS"})
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html"""


def product() -> list[Path]:
    """All Python files of the project but those of the tests."""
    folders = [
        each for each in ROOT.iterdir() if each.is_dir() and not each.name.startswith((".", "build", "out"))
    ]
    return sorted(path for each in folders if each.name != "tests" for path in each.rglob("*.py"))


def literals(path: Path) -> tuple[set[str], set[str]]:
    """The words of a file's string literals, and what it uses as a key in a dictionary or a subscript."""
    words, keys = set[str](), set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words |= set(re.findall(r"\w+", node.value))
        found = node.keys if isinstance(node, ast.Dict) else [getattr(node, "slice", None)]
        keys |= {
            each.value for each in found if isinstance(each, ast.Constant) and isinstance(each.value, str)
        }
    return words, keys


TAKES_SLOTS = ROOT / "accept" / "probes" / "arrays.py"
"""It plays somebody else who takes slots of the rate; the acceptance run knows AWS's API alone."""
OTHERS = [path for path in product() if OWNER not in path.parents and path != TAKES_SLOTS]


def test_the_owner_knows_what_nobody_else_does() -> None:
    known = set[str]().union(*(literals(path)[0] for path in OWNER.glob("*.py")))
    assert len(INDEXES) == 4
    assert known >= INDEXES | OWN_ATTRIBUTES
    assert len(OTHERS) > 200


def test_nobody_else_knows_an_index_an_attribute_or_dynamodb_s_types() -> None:
    known = {}
    for path in OTHERS:
        words, keys = literals(path)
        known[str(path)] = words & (INDEXES | OWN_ATTRIBUTES) | keys & TYPES
    assert {path: names for path, names in known.items() if names} == {}


def test_the_command_line_knows_the_tables_by_their_stores_and_in_one_place() -> None:
    imported = {
        (path.name, node.module)
        for path in OTHERS
        if "sluice_cli" in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sluice.aws")
    }
    assert imported == {
        ("api.py", f"sluice.aws.tables.{table}_store") for table in ("cohort", "rate", "task")
    }
