"""What executions on Local AWS left behind, as `python -m tests.e2e.cli.record` wrote it down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sluice.aws.tables.task_items import read_task
from sluice_cli.aws.executions import read_execution
from sluice_cli.explain.explanation import explanation
from sluice_cli.explain.known import Known

if TYPE_CHECKING:
    from sluice.tasks.model import TaskRecord
    from sluice_cli.explain.report import Explanation

FOLDER = Path(__file__).parent / "histories"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


@dataclass(frozen=True)
class Recording:
    """DescribeExecution's answer, the events of the history, and the task items."""

    execution: dict[str, Any]
    events: list[dict[str, Any]]
    items: list[dict[str, Any]]

    @property
    def tasks(self) -> tuple[TaskRecord, ...]:
        return tuple(read_task(item) for item in self.items)


def recorded(name: str) -> Recording:
    """Reads a recording."""
    found = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"), object_hook=_with_times)
    return Recording(**found)


def told(name: str) -> Explanation:
    """The explanation of a recording."""
    found = recorded(name)
    ended = read_execution(found.execution, "NA06989")
    return explanation(ended, found.events, Known(found.tasks), now_ms=0)


def _with_times(values: dict[str, Any]) -> dict[str, Any]:
    times = {"timestamp", "startDate", "stopDate"}
    return {name: datetime.fromisoformat(value) if name in times else value for name, value in values.items()}
