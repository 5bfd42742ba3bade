"""A bare machine, of which nothing runs on after the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.sam.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine.bare(tmp_path)
    yield made
    made.run("stop-engine")
    assert made.daemons() == []
