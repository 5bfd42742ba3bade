"""The state machines are valid, and every state of theirs can be reached.

cfn-lint does not look behind `DefinitionUri` and does not follow `Next`, so that both is done here.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.api import lint_all

from sluice_local.packaging import read_template

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TEMPLATE = read_template((ROOT / "template.yaml").read_text())
MACHINES: dict[str, dict[str, Any]] = {
    name: resource["Properties"]
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::StateMachine"
}
VALUES = {
    "Partition": "aws",
    "RoundsPerExecution": "500",
    "HeartbeatSeconds": "900",
    "MemoryMib": "2048",
    "MaxMemoryMib": "8192",
}


def filled(properties: dict[str, Any]) -> str:
    """The definition's text with every substitution filled in."""
    text = (ROOT / str(properties["DefinitionUri"])).read_text()
    for name in properties["DefinitionSubstitutions"]:
        arn = f"arn:aws:states:us-east-1:123456789012:activity:{name}"
        text = text.replace(f"${{{name}}}", VALUES.get(name, arn))
    return text


def faults(definition: str) -> list[str]:
    """What cfn-lint has against a definition, wrapped in the resource behind which it does look."""
    properties = {"RoleArn": "arn:aws:iam::123456789012:role/role", "DefinitionString": definition}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    matches = lint_all(json.dumps({"Resources": {"Machine": resource}}))
    return [match.message for match in matches if match.rule.severity != "informational"]


def targets(state: dict[str, Any]) -> Iterator[str]:
    """Where a state may lead."""
    for node in (state, *state.get("Choices", []), *state.get("Catch", [])):
        if "Next" in node:
            yield node["Next"]
    if "Default" in state:
        yield state["Default"]


@pytest.fixture(params=MACHINES, name="machine")
def fixture_machine(request: pytest.FixtureRequest) -> dict[str, Any]:
    return MACHINES[str(request.param)]


def test_the_substitutions_are_those_of_the_template(machine: dict[str, Any]) -> None:
    text = (ROOT / machine["DefinitionUri"]).read_text()
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(machine["DefinitionSubstitutions"])


def test_cfn_lint_finds_nothing_in_the_filled_definition(machine: dict[str, Any]) -> None:
    assert faults(filled(machine)) == []


def test_cfn_lint_would_find_a_fault() -> None:
    assert faults(filled(MACHINES["Workflow"]).replace('"Type": "Choice"', '"Type": "Choise"'))


def test_every_target_exists_and_every_state_is_reached(machine: dict[str, Any]) -> None:
    definition = json.loads(filled(machine))
    states = definition["States"]
    reached, todo = set(), [definition["StartAt"]]
    while todo:
        name = todo.pop()
        assert name in states, f"{name} is led to and does not exist"
        if name not in reached:
            reached.add(name)
            todo += targets(states[name])
    assert reached == set(states)


def test_every_state_leads_on_or_ends(machine: dict[str, Any]) -> None:
    for name, state in json.loads(filled(machine))["States"].items():
        assert list(targets(state)) or state["Type"] in ("Succeed", "Fail"), name


def test_a_failed_workflow_ends_at_the_state_that_failed_so_that_it_can_go_on_there() -> None:
    for name, state in json.loads(filled(MACHINES["Workflow"]))["States"].items():
        if state["Type"] == "Task":
            assert [catch["ErrorEquals"] for catch in state["Catch"]] == [["Job.OutOfMemory"]], name


def test_every_activity_state_has_a_heartbeat_and_retries_what_was_no_fault_of_the_job() -> None:
    for state in json.loads(filled(MACHINES["Workflow"]))["States"].values():
        if state["Type"] == "Task":
            assert state["HeartbeatSeconds"]
            retried = {name for retry in state["Retry"] for name in retry["ErrorEquals"]}
            assert retried == {
                "States.Timeout",
                "States.HeartbeatTimeout",
                "Job.SpotInterruption",
                "Job.NotStarted",
            }
