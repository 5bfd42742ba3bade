"""`sluice explain` and `sluice logs` of workflows that branch, iterate, nest, and catch what fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from sluice_cli.app import app
from tests.e2e.workflows.shapes import SHAPES, Shapes
from tests.support.building import eventually

if TYPE_CHECKING:
    from typer.testing import Result

    from tests.e2e.stack.stack import Stack


@pytest.fixture(scope="session")
def shapes(stack: Stack) -> Shapes:
    """An execution of each shape."""
    found = Shapes(stack)
    found.start_all()
    return found


def sluice(shapes: Shapes, *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=shapes.stack.aws.environment())


def explained(shapes: Shapes, name: str) -> dict[str, Any]:
    """What `explain` says of a shape's execution when it has ended."""
    shapes.ended(name)
    result = sluice(shapes, "explain", shapes.arns[name], "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


HEADLINES = {
    "caught": "job align failed with exit code 6 (",
    "recovered": "job align failed with exit code 7 (",
    "mapped": "job call of iteration 3 failed with exit code 9 (",
    "parallel": "job right failed with exit code 8 (",
    "array": "job scatter failed: child 2 of 4, exit code 4 (",
    "nested": "in execution {name} of state Inside, job inside failed with exit code 3 (",
    "distributed": "in execution {name} of state Spread, job child failed with exit code 11 (",
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_headline_has_the_job_that_is_to_blame_and_what_it_ended_with(shapes: Shapes, name: str) -> None:
    told = explained(shapes, name)
    before, _, after = HEADLINES[name].partition("{name}")
    assert told["headline"].startswith(f"NA06989 failed: {before}"), told
    assert after in told["headline"], told
    assert told["error"] == "Job.Failed"


def test_an_iteration_is_no_try_and_has_its_number(shapes: Shapes) -> None:
    says = [(step["state"], step["says"]) for step in explained(shapes, "mapped")["steps"]]
    asked = [state for state, text in says if "asked for job call" in text]
    assert sorted(asked[:4]) == [f"Call #{number}" for number in range(4)]  # they begin together
    assert not [text for _, text in says if text.startswith("try ")]
    failed = [state for state, text in says if text == "failed: Job.Failed"]
    assert failed == ["Call #3"]


def test_jobs_of_iterations_are_told_in_their_own(shapes: Shapes) -> None:
    steps = explained(shapes, "mapped")["steps"]
    with_code = [step["state"] for step in steps if "exit code 9" in step["says"]]
    assert with_code == ["Call #3"]


def test_branches_are_told_apart(shapes: Shapes) -> None:
    steps = explained(shapes, "parallel")["steps"]
    submitted = {step["state"]: step["says"].split()[1] for step in steps if "was submitted" in step["says"]}
    assert submitted == {"Left": "left", "Right": "right"}


def test_a_step_that_failed_comes_before_the_end_of_the_execution(shapes: Shapes) -> None:
    for name in ("caught", "recovered", "array", "nested", "distributed"):
        last = explained(shapes, name)["steps"][-1]
        assert (last["state"], last["says"].partition(":")[0]) == (None, "the execution failed")


def test_the_children_of_an_array_that_failed_are_steps(shapes: Shapes) -> None:
    says = [step["says"] for step in explained(shapes, "array")["steps"]]
    (child,) = [text for text in says if text.startswith("child 2 of 4 of job scatter failed")]
    assert "exit code 4" in child
    assert [text for text in says if text.startswith("job scatter, an array of 4, failed")]


def test_the_steps_of_executions_inside_are_among_those_of_the_outer_one(shapes: Shapes) -> None:
    states = {step["state"] for step in explained(shapes, "nested")["steps"]}
    assert {"Inside", "Inside / Align"} <= states


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("caught", "says 6"),
        ("mapped", "says 9"),
        ("parallel", "says 8"),
        ("array", "child 2"),
        ("nested", "says 3"),
        ("distributed", "says 11"),
    ],
)
def test_logs_prints_what_the_job_to_blame_printed(shapes: Shapes, name: str, printed: str) -> None:
    shapes.ended(name)
    result = eventually(lambda: _with_output(sluice(shapes, "logs", shapes.arns[name])))
    assert result.stdout == f"{printed}\n"


def _with_output(result: Result) -> Result | None:
    return result if result.stdout else None


def test_a_child_that_there_is_not_is_refused_with_those_that_there_are(shapes: Shapes) -> None:
    shapes.ended("array")
    other = eventually(lambda: _with_output(sluice(shapes, "logs", shapes.arns["array"], "--index", "3")))
    assert other.stdout == "child 3\n"
    refused = sluice(shapes, "logs", shapes.arns["array"], "--index", "9")
    assert refused.exit_code == 2
    assert "--index is 9; job scatter is an array of 4: its children are 0 to 3." in refused.stderr
    none = sluice(shapes, "logs", shapes.arns["caught"], "--index", "0")
    assert (none.exit_code, "job align is no array" in none.stderr) == (2, True)
