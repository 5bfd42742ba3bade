"""`sluice report` of a cohort whose workflow has a Map, an array and a nested execution; all fail."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from sluice.aws.tables.cohort_store import DynamoCohortStore
from sluice_cli.app import app
from tests.e2e.workflows.shapes import Shapes, array, mapped, nested
from tests.support.building import Machines, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.stack.stack import Stack

NAME = "shapes"
SAMPLES = ("NA1", "NA2")


def workflow(stack: Stack) -> str:
    """A workflow that goes through all three, each of which fails, and fails at the end."""
    it = Shapes(stack, "all-shapes")
    states: dict[str, Any] = {}
    for make, begin, after in (
        (mapped, "Items", "Children"),
        (array, "Children", "Inside"),
        (nested, "Inside", None),
    ):
        inner = make(it)
        caught = {"Type": "Parallel", "Branches": [{"StartAt": inner["StartAt"], "States": inner["States"]}]}
        following = f"{after}-all" if after else None
        goes_on = {"Next": following, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": following}]}
        states[f"{begin}-all"] = {**caught, **(goes_on if following else {"End": True})}
    return Machines(stack.states, "all-shapes").create({"StartAt": "Items-all", "States": states})


@pytest.fixture(scope="module")
def page(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the report of the cohort embeds."""
    sheet = {"inline": "\n".join(["sample", *SAMPLES])}
    asked = {"cohort": NAME, "workflowArn": workflow(stack), "sheet": sheet}
    stack.states.start_execution(stateMachineArn=stack.outputs["CohortMachineArn"], input=json.dumps(asked))
    table = DynamoCohortStore(stack.aws.client("dynamodb"), stack.outputs["CohortTableName"])

    def is_over() -> bool:
        cohort = table.cohort(NAME)
        return cohort is not None and cohort.over

    eventually(is_over, within_seconds=90)
    path: Path = tmp_path_factory.mktemp("report") / "page.html"
    result = CliRunner().invoke(app, ["report", NAME, "--html", str(path)], env=stack.aws.environment())
    assert result.exit_code == 0, result.output
    found = re.search(r'id="cohort">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return json.loads(found[1])


def named(page: Any, name: str) -> list[int]:
    """The places of the jobs of this name."""
    return [place for place, number in enumerate(page["jobs"]["name"]) if page["names"][number] == name]


def test_iterations_of_a_map_are_no_tries(page: Any) -> None:
    assert len(named(page, "call")) >= 2 * 4  # what ran before the Map failed
    assert sum(page["jobs"]["again"]) == 0


def test_an_array_has_its_children_s_time_and_the_word_of_the_one_that_failed(page: Any) -> None:
    places = named(page, "scatter")
    assert len(places) == len(SAMPLES)
    for place in places:
        found = page["ofSomeJobs"]["array"][str(place)]
        assert found == {"size": 4, "failed": 1, "billedSeconds": 4 * 60}
        assert page["jobs"]["started"][place] is not None
        assert page["jobs"]["exitCode"][place] == 4
        assert page["names"][page["jobs"]["reason"][place]].startswith("child 2 of 4: ")


def test_the_jobs_of_nested_executions_are_their_samples_(page: Any) -> None:
    assert sorted(page["jobs"]["sample"][place] for place in named(page, "inside")) == [0, 1]


def test_a_sample_of_another_workflow_than_the_stack_s_is_explained_by_its_name(
    stack: Stack, page: Any
) -> None:
    assert page["samples"]["name"] == list(SAMPLES)
    result = CliRunner().invoke(app, ["explain", "NA1", "--attempt", "1"], env=stack.aws.environment())
    assert result.exit_code == 0, result.output
    first = result.stdout.splitlines()[0]
    assert re.match(
        r"NA1 failed: in execution \S+ of state Inside, job inside failed with exit code 3 \(", first
    ), first
