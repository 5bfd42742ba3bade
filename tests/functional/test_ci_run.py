"""Continuous integration runs the same whoever calls it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.odd_variables import ODD_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
PROGRAMS = ("python3", "java", "npm", "chromium", "chromedriver")
OF_PACKAGE_CLIENTS = {
    "https_proxy": "http://127.0.0.1:1",
    "NO_PROXY": "127.0.0.1",
    "PIP_INDEX_URL": "https://packages.invalid/a b/*",
    "NPM_CONFIG_REGISTRY": "https://packages.invalid",
    "npm_config_cache": "/nowhere",
    "UV_INDEX_URL": "https://packages.invalid",
    "SSL_CERT_FILE": "/nowhere/certificates",
    "REQUESTS_CA_BUNDLE": "/nowhere/certificates",
    "NODE_EXTRA_CA_CERTS": "/nowhere/certificates",
}
OF_BASH = {"PWD", "OLDPWD", "SHLVL", "_"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script, on a machine that has all programs; its `make` shows its variables."""
    stub(tmp_path / "tools/sam/stop-engine", "exit 0")
    stub(tmp_path / "programs/make", 'echo "make $*"; env')
    for program in PROGRAMS:
        stub(tmp_path / "programs" / program, "exit 0")
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    return tmp_path


def stub(path: Path, does: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)


def run(checkout: Path, **variables: str) -> str:
    ended = subprocess.run([checkout / ".ci/run"], env=variables, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("variables", [{}, ODD_VARIABLES], ids=["none", "odd"])
def test_make_gets_what_package_clients_need_and_no_more(
    checkout: Path, variables: Mapping[str, str]
) -> None:
    kept = {**OF_PACKAGE_CLIENTS, "PATH": path(checkout), "HOME": str(checkout)}
    said = run(checkout, **{**variables, **kept})
    first, _, _ = said.removeprefix("make test\n").partition("make ")
    seen = dict(line.split("=", 1) for line in first.splitlines() if line.partition("=")[0] not in OF_BASH)
    assert seen == {**kept, "CI": "true", "LANG": "C.UTF-8"}


def test_the_tests_and_those_of_the_sam_cli_are_run(checkout: Path) -> None:
    said = run(checkout, PATH=path(checkout))
    made = [line for line in said.splitlines() if line.startswith("make ")]
    assert made == ["make test", "make sam-setup sam-test"]


def path(checkout: Path) -> str:
    return f"{checkout}/programs:/usr/bin:/bin"
