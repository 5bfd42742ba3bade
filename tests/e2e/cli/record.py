"""Records what every mishap leaves behind, for the unit tests: `python -m tests.e2e.cli.record`."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.cli.mishaps import Mishaps, wait
from tests.e2e.stack.stack import deployed
from tests.support.building import Machines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.stack.stack import Stack

FOLDER = Path(__file__).parents[2] / "unit/cli/histories"


def recording(stack: Stack, arn: str, described: Mapping[str, Any]) -> dict[str, Any]:
    """The description, history and task items of an execution, tokens exchanged for short ones."""
    pages = stack.states.get_paginator("get_execution_history").paginate(executionArn=arn)
    scanned = stack.aws.client("dynamodb").scan(TableName=stack.outputs["TaskTableName"])["Items"]
    items = [item for item in scanned if item["executionArn"]["S"] == arn]
    items.sort(key=lambda item: int(item["createdAt"]["N"]))
    for number, item in enumerate(items, start=1):
        item["taskToken"] = {"S": f"secret-token-{number}"}
    return {
        "execution": {name: value for name, value in described.items() if name != "ResponseMetadata"},
        "events": [event for page in pages for event in page["events"]],
        "items": items,
    }


def record() -> None:
    """Makes every mishap happen on a Local AWS of its own and writes a file for each."""
    with LocalAws(LocalSettings(activity_poll_seconds=1)) as aws:
        stack = deployed(aws)
        mishaps = Mishaps(stack, Machines(stack.states, "cli"))
        started = mishaps.start_all()
        ended = wait(mishaps, started)
        for name, arn in started.items():
            text = json.dumps(recording(stack, arn, ended[name]), indent=1, default=datetime.isoformat)
            (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
