"""docs/command-line.md names the columns that the low-pass workflow reads, each with a working example."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sluice.cohorts.sheet import SheetRules, parse_sheet
from sluice_cli.cohorts.own_workflow import OWN_WORKFLOW_KINDS, OWN_WORKFLOW_NEEDS

ROOT = Path(__file__).parents[2]
HEADING = "### Columns of the low-pass workflow"
ROW = re.compile(r"^\| `(\w+)` \| (yes|no) \| .+ \| `(\S+)` \|$", re.MULTILINE)
# the cohort's name is given at its launch
GIVEN = {"cohort"}


def documented() -> list[tuple[str, str, str]]:
    """Name, `yes` or `no` for required, and example of each column."""
    text = (ROOT / "docs/command-line.md").read_text(encoding="utf-8")
    return ROW.findall(text.split(HEADING)[1].split("\n## ")[0])


def test_every_column_that_the_workflow_reads_is_documented_and_no_other() -> None:
    workflow = (ROOT / "statemachines/workflow.asl.json").read_text(encoding="utf-8")
    read = set(re.findall(r"\$states\.input\.(\w+)", workflow)) - GIVEN
    names = [name for name, _, _ in documented()]
    assert sorted(names) == sorted(read)


def test_the_required_columns_are_those_that_launch_asks_for() -> None:
    required = {name for name, is_required, _ in documented() if is_required == "yes"}
    assert required == {"sample", *OWN_WORKFLOW_NEEDS}


def test_the_examples_make_a_sheet() -> None:
    names, _, examples = zip(*documented(), strict=True)
    sheet = f"{','.join(names)}\n{','.join(examples)}\n"
    rules = SheetRules("run-42", {}, OWN_WORKFLOW_NEEDS, OWN_WORKFLOW_KINDS)
    (row,) = parse_sheet(sheet, fmt="csv", rules=rules).rows
    assert json.loads(row.input) == {**dict(zip(names, examples, strict=True)), "cohort": "run-42"}
