from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.startup import (
    CACHES,
    Imported,
    build_artefact,
    by_package,
    function_names,
    heaviest,
    locked_packages,
    measure,
    parse_import_times,
)

if TYPE_CHECKING:
    from pathlib import Path

PROFILE = """\
import time: self [us] | cumulative | imported package
import time:       400 |        400 |     _json
import time:      1600 |       2000 |   json
import time:      3000 |       3000 |     botocore.model
import time:      2500 |       5500 |   botocore
import time:       700 |       8200 | work.app
something else that went to standard error
"""


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    folder = tmp_path / "functions"
    (folder / "work").mkdir(parents=True)
    (folder / "work" / "app.py").write_text("import json\nimport jmespath\n")
    (folder / "shared").mkdir()
    (folder / "shared" / "model.py").write_text("")
    (folder / "requirements.txt").write_text("jmespath==1.0 \\\n    --hash=sha256:00\n")
    return folder


def test_the_profile_is_read_innermost_import_first() -> None:
    assert parse_import_times(PROFILE) == [
        Imported("_json", 400, 400),
        Imported("json", 1600, 2000),
        Imported("botocore.model", 3000, 3000),
        Imported("botocore", 2500, 5500),
        Imported("work.app", 700, 8200),
    ]


def test_own_times_are_summed_by_package_and_what_is_below_a_millisecond_is_left_out() -> None:
    assert by_package(parse_import_times(PROFILE)) == {"botocore": 5.5, "standard library": 2.0}


def test_the_heaviest_modules_are_ranked_with_what_they_brought_and_without_the_function_itself() -> None:
    ranked = heaviest(parse_import_times(PROFILE), but_for="work")
    assert list(ranked.items())[:2] == [("botocore", 5.5), ("botocore.model", 3.0)]


def test_a_lock_names_its_packages_without_their_hashes() -> None:
    assert locked_packages("a-b==1 \\\n    --hash=sha256:00==\nc.d==2\n") == ["a-b", "c.d"]


def test_a_function_is_a_folder_with_a_handler(functions: Path) -> None:
    assert function_names(functions) == ["work"]


def test_the_artefact_holds_sources_and_locked_packages_and_no_cache(functions: Path, tmp_path: Path) -> None:
    build_artefact(functions, tmp_path / "artefact")
    files = [path.relative_to(tmp_path / "artefact") for path in (tmp_path / "artefact").rglob("*")]
    assert {"work", "shared", "jmespath"} <= {path.parts[0] for path in files}
    assert not [path for path in files if path.suffix == ".pyc"]


@pytest.mark.parametrize("caches", CACHES)
def test_a_module_is_imported_in_a_fresh_interpreter(functions: Path, tmp_path: Path, caches: str) -> None:
    build_artefact(functions, tmp_path / "artefact")
    measured = measure("work", caches, tmp_path / "artefact", runs=2)
    assert 0 < measured.fastest_ms <= measured.import_ms
    assert measured.peak_memory_mib > 1
    assert "json" in measured.heaviest_ms
    assert not list((tmp_path / "artefact").rglob("*.pyc"))
