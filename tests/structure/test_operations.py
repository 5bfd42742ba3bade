"""docs/operations.md names every alarm and log group of the template and every trouble of the chaos suite."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sluice_local.packaging import read_template
from tests.chaos.troubles import TROUBLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations.md").read_text()
RESOURCES = read_template((ROOT / "template.yaml").read_text())["Resources"]


def test_the_log_groups_it_names_are_those_that_exist() -> None:
    groups = {
        each["Properties"]["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", "<stack>")
        for each in RESOURCES.values()
        if each["Type"] == "AWS::Logs::LogGroup"
    }
    functions = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    named = re.findall(r"`(/[^`]*<stack>[^`]*)`", PAGE)
    assert {each.replace("<function>", name) for each in named for name in functions} == groups


@pytest.mark.parametrize(
    "alarm", [name for name, each in RESOURCES.items() if each["Type"] == "AWS::CloudWatch::Alarm"]
)
def test_every_alarm_is_explained(alarm: str) -> None:
    assert re.search(rf"^\| `{alarm}` \|", PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize("trouble", [trouble.name for trouble in TROUBLES])
def test_every_trouble_has_its_line(trouble: str) -> None:
    assert f"`{trouble}`" in PAGE


@pytest.mark.parametrize("queue", [name for name in RESOURCES if name.endswith("DeadLetters")])
def test_every_dead_letter_queue_can_be_redriven(queue: str) -> None:
    assert queue in PAGE
