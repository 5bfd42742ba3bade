"""`make sam-test` leaves no function out; it is told here, as it runs apart from the other tests."""

from __future__ import annotations

from pathlib import Path

from sluice_local.packaging import read_template

ROOT = Path(__file__).parents[2]


def test_every_function_is_invoked_by_the_sam_cli() -> None:
    resources = read_template((ROOT / "template.yaml").read_text())["Resources"]
    functions = [name for name, each in resources.items() if each["Type"] == "AWS::Serverless::Function"]
    tests = (ROOT / "tests/sam/test_local.py").read_text()
    assert functions
    assert [name for name in functions if f'invoke("{name}"' not in tests] == []
