"""What GitHub Actions runs exists, is pinned, and holds no secret."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS: dict[str, Any] = {path.stem: yaml.safe_load(path.read_text()) for path in FOLDER.glob("*.yml")}


def steps_of(workflow: Any) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job.get("steps", [])


def made_targets(command: str) -> list[str]:
    """The targets of a line such as `make sam-setup TAG=v1 sam-test`."""
    words = command.removeprefix("make ").split()
    return [word for word in words if "=" not in word]


def targets() -> set[str]:
    """What the Makefile makes, also the environments: `test`, `.venv/.local`."""
    text = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([\w./-]+):(?!=)", text.replace("$(VENV)", ".venv"), flags=re.MULTILINE))


def program(command: str) -> Path:
    """The file that a command runs: a script, or a module of an interpreter's `-m`."""
    script, *words = command.split()
    if words[:1] == ["-m"]:
        return ROOT / f"{words[1].replace('.', '/')}.py"
    return ROOT / script


def test_there_is_one_for_changes_and_one_for_releases() -> None:
    assert WORKFLOWS.keys() == {"test", "release"}


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_every_command_is_a_target_of_the_makefile_or_a_program_of_the_project(name: str) -> None:
    commands = [step["run"] for step in steps_of(WORKFLOWS[name]) if "run" in step]
    assert commands
    for command in commands:
        if command.startswith("make "):
            assert set(made_targets(command)) <= targets()
        else:
            assert program(command).is_file()


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_every_action_is_pinned_to_a_major_version(name: str) -> None:
    actions = [step["uses"] for step in steps_of(WORKFLOWS[name]) if "uses" in step]
    assert all(re.fullmatch(r"(actions|aws-actions)/[\w-]+@v\d+", action) for action in actions)


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_no_secret_is_used_and_little_is_permitted(name: str) -> None:
    assert "secrets." not in (FOLDER / f"{name}.yml").read_text()
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}


def test_a_release_is_tested_first_and_publishes_with_its_own_identity() -> None:
    jobs = WORKFLOWS["release"]["jobs"]
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    assert jobs["publish"]["needs"] == "test"
    assert jobs["publish"]["permissions"] == {"contents": "read", "id-token": "write"}
    (credentials,) = [
        step["with"] for step in jobs["publish"]["steps"] if "aws-actions" in step.get("uses", "")
    ]
    assert credentials == {
        "role-to-assume": "${{ vars.RELEASE_ROLE_ARN }}",
        "aws-region": "${{ vars.RELEASE_REGION }}",
    }
    runs = [step["run"] for step in jobs["publish"]["steps"] if "run" in step]
    assert [program(run).stem for run in runs if not run.startswith("make ")] == ["release", "publish"]
    assert os.access(ROOT / "tools/sam/publish", os.X_OK)
