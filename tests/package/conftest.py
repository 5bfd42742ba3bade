"""The project's wheel, and environments that it is installed into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.package.installing import ROOT, Installation, build, install

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """What `pip install sluice` makes, without an extra."""
    return install(wheel, "", tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="session")
def with_lowpass(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(wheel, "lowpass", tmp_path_factory.mktemp("lowpass"))


@pytest.fixture(scope="session")
def with_local(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(wheel, "local", tmp_path_factory.mktemp("local"))
