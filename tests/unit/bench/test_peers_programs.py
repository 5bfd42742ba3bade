import sys
import zipfile
from pathlib import Path

import pytest

from bench.peers.client import run_client
from bench.peers.programs import PeerPrograms, PeersMissingError


@pytest.fixture
def programs(tmp_path: Path) -> PeerPrograms:
    """An environment with one program and one installed distribution."""
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    dist_info = packages / "some_plugin-1.2.3.dist-info"
    dist_info.mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "snakemake").touch()
    (packages / "some_plugin.py").write_text("x = 1\n")
    (dist_info / "METADATA").write_text("Name: some-plugin\n")
    (dist_info / "RECORD").write_text(
        "some_plugin.py,sha256=a,6\n"
        "some_plugin-1.2.3.dist-info/METADATA,sha256=b,18\n"
        "__pycache__/some_plugin.cpython-311.pyc,,\n"
        "../../../bin/plugin,sha256=c,1\n"
    )
    return PeerPrograms(tmp_path)


def test_a_program_is_found_and_its_folder_comes_first(programs: PeerPrograms) -> None:
    assert programs.program("snakemake") == str(programs.venv / "bin" / "snakemake")
    assert programs.search_path().startswith(f"{programs.venv}/bin:")


def test_a_missing_program_says_how_to_get_it(programs: PeerPrograms) -> None:
    with pytest.raises(PeersMissingError, match=r"bin/redun is not there: `make .venv-peers/"):
        programs.program("redun")


def test_a_version_is_read_from_what_is_installed(programs: PeerPrograms) -> None:
    assert programs.version("some-plugin") == "1.2.3"


def test_a_missing_distribution_says_how_to_get_it(programs: PeerPrograms) -> None:
    with pytest.raises(PeersMissingError, match=r"other is not installed"):
        programs.version("other")


def test_a_wheel_is_made_of_the_installed_sources(programs: PeerPrograms, tmp_path: Path) -> None:
    wheel = programs.repack("some-plugin", tmp_path / "wheels")
    assert wheel.name == "some_plugin-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        assert archive.namelist() == ["some_plugin.py", "some_plugin-1.2.3.dist-info/METADATA"]


def python(tmp_path: Path, program: str, timeout_seconds: float) -> tuple[int | None, str]:
    run = run_client(
        [sys.executable, "-c", program], folder=tmp_path, environment={}, timeout_seconds=timeout_seconds
    )
    return run.exit_code, run.last_lines


def test_a_client_runs_to_its_end_and_its_last_lines_are_kept(tmp_path: Path) -> None:
    exit_code, last_lines = python(tmp_path, "print('a\\nb\\n\\nc\\nd'); raise SystemExit(3)", 60)
    assert (exit_code, last_lines) == (3, "b / c / d")


def test_a_client_whose_time_is_over_is_stopped(tmp_path: Path) -> None:
    assert python(tmp_path, "import time; time.sleep(600)", 0.1) == (None, "")
