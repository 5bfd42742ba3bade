"""Each assumption of docs/design.md is a row of the acceptance run, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

from accept.assumptions import ASSUMPTIONS

DESIGN = Path(__file__).parents[2] / "docs/design.md"


def written() -> dict[str, str]:
    """What docs/design.md says is assumed, by the names of its table."""
    text = DESIGN.read_text(encoding="utf-8")
    section = text.split("## Assumptions\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", section, flags=re.MULTILINE)
    return {name: assumed for name, assumed in rows if name not in {"name", "---"}}


def test_the_table_of_assumptions_is_that_of_the_acceptance_run() -> None:
    assert written() == {each.name: each.assumes for each in ASSUMPTIONS}
