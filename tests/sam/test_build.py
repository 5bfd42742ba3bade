"""`sam validate` accepts the template and `sam build` makes what is deployed, no more."""

from __future__ import annotations

import re
from importlib.metadata import Distribution
from typing import TYPE_CHECKING

import pytest

from sluice_local.packaging import read_template
from tests.sam.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sam.checkout import Checkout

RESOURCES = read_template((ROOT / "template.yaml").read_text())["Resources"]
FUNCTIONS = sorted(name for name, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::Function")
# as measured: 5 MB, nearly all of it Powertools
MAX_BYTES = 7_000_000


def locked() -> dict[str, str]:
    text = (ROOT / "functions/requirements.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, flags=re.MULTILINE))


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def distributions(folder: Path) -> list[Distribution]:
    return [Distribution.at(path) for path in folder.glob("*.dist-info")]


def test_the_template_is_valid(checkout: Checkout) -> None:
    assert "is a valid SAM Template" in checkout.sam("validate", "--lint")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_holds_the_projects_functions_and_their_locked_packages_only(
    checkout: Checkout, function: str
) -> None:
    built = checkout.build / function
    ours = files_in(checkout.folder / "functions")
    packages = distributions(built)
    theirs = {str(file) for package in packages for file in package.files or []}
    in_folders_of_theirs = re.compile(r"[\w.-]+\.(dist-info|data)/")
    unknown = {name for name in files_in(built) - ours - theirs if not in_folders_of_theirs.match(name)}
    assert not unknown
    assert ours <= files_in(built)
    assert {package.name.replace("_", "-"): package.version for package in packages} == locked()


def test_a_function_is_small(checkout: Checkout) -> None:
    for function in FUNCTIONS:
        sizes = [path.stat().st_size for path in (checkout.build / function).rglob("*") if path.is_file()]
        assert sum(sizes) < MAX_BYTES, function


def test_nothing_but_the_functions_is_built(checkout: Checkout) -> None:
    assert {path.name for path in checkout.build.iterdir() if path.is_dir()} == set(FUNCTIONS)
