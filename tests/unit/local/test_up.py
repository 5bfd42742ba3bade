"""Where a server's files go, and what may be set on its stack."""

import shlex
from pathlib import Path

import pytest

from sluice_local.output import OutputFolderError, require_folder, write_whole
from sluice_local.stack import UnknownParameterError, find_project, require_parameters
from sluice_local.up import command_line, free_port, output_folder, ready_text


def test_each_port_has_a_folder_of_its_own() -> None:
    assert output_folder(4566) == Path("out/local")
    assert output_folder(5000) == Path("out/local-5000")


def test_port_0_takes_a_free_one() -> None:
    assert free_port(free_port(0)) > 0


def test_a_parameter_that_the_template_lacks_is_refused_with_those_that_there_are() -> None:
    require_parameters(find_project(), ["PollerCount"])
    with pytest.raises(UnknownParameterError, match=r"Nope: template.yaml has .*PollerCount"):
        require_parameters(find_project(), ["PollerCount", "Nope"])


def test_a_folder_that_cannot_be_written_to_is_named_with_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for folder in (file, file / "below", Path("/proc/none")):
        with pytest.raises(OutputFolderError, match=rf"^{folder} cannot be written to .* --output"):
            require_folder(folder)


def test_what_is_written_replaces_what_was_there_and_leaves_nothing_else(tmp_path: Path) -> None:
    require_folder(tmp_path / "a/b")
    for text in ("old", "new"):
        write_whole(tmp_path / "a/b/file", text)
    assert {path.name: path.read_text() for path in (tmp_path / "a/b").iterdir()} == {"file": "new"}


def test_the_command_line_is_named_as_a_reader_in_the_same_folder_types_it(tmp_path: Path) -> None:
    python = tmp_path / "checkout/.venv/bin/python"
    assert command_line(python, tmp_path / "checkout") == Path(".venv/bin/sluice")
    assert command_line(python, tmp_path / "elsewhere") == tmp_path / "checkout/.venv/bin/sluice"


def test_what_is_printed_can_be_copied_whatever_the_folders_are_called() -> None:
    text = ready_text(Path("of a run"), "http://127.0.0.1:4566", Path("/my tools/sluice"))
    commands = [shlex.split(line) for line in text.splitlines() if line.startswith("  '/my tools/sluice' ")]
    assert [command[1] for command in commands] == ["launch", "watch", "explain", "report"]
    assert commands[0] == ["/my tools/sluice", "launch", "of a run/cohort.csv"]
    assert commands[-1][-1] == "of a run/cohort.html"
