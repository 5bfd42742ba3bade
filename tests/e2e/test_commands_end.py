"""The commands' ends: signals, a taken port, what is refused."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@contextmanager
def started(*arguments: str, options: tuple[str, ...] = ()) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, *options, "-m", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"the command ended before it said {text!r}")


def answers(endpoint: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        return bool(opener.open(f"{endpoint}/_sluice/calls", timeout=10).status == 200)
    except OSError:
        return False


def test_the_server_serves_the_stack_until_ctrl_c(tmp_path: Path) -> None:
    with started("sluice_local", "up", "--port", "0", "--output", str(tmp_path)) as process:
        read_until(process, "sluice report")
        assert len((tmp_path / "cohort.csv").read_text().splitlines()) == 1 + 3
        outputs = json.loads((tmp_path / "outputs.json").read_text())
        assert answers(outputs["endpoint"])
        assert outputs["WorkflowArn"].startswith("arn:aws:states:us-east-1:000000000000:stateMachine:")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert not answers(outputs["endpoint"])
    assert not {"outputs.json", "cohort.csv"} & {path.name for path in tmp_path.iterdir()}


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with started("sluice_local", "up", "--port", port, "--output", str(tmp_path)) as process:
            said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith(f"sluice-local up: Port {port} on 127.0.0.1 cannot be used")
    assert said.endswith("0 takes a free one (make local PORT=0).\n")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "status", "moment"),
    [
        (signal.SIGINT, 130, "Building the reference"),
        (signal.SIGINT, 130, "bin/sluice watch demo"),
        (signal.SIGTERM, 143, "Drawing reads"),
    ],
)
def test_a_signal_ends_the_demo_at_any_time(
    number: signal.Signals, status: int, moment: str, tmp_path: Path
) -> None:
    (tmp_path / "summary.json").write_text("of the run before")
    with started("demo", "--samples", "2", "--output", str(tmp_path)) as process:
        read_until(process, moment)
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == status
    assert said.splitlines()[-1] == "Stopped; nothing is left running."
    assert "Traceback" not in said
    assert (tmp_path / "summary.json").read_text() == "of the run before"


@pytest.mark.parametrize("command", [("sluice_local", "up"), ("demo",)], ids=lambda words: words[0])
def test_a_signal_while_modules_are_imported_ends_the_command_quietly(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    # GIVEN a command that tells of each import, and has begun them
    with started(*command, "--output", str(tmp_path), options=("-X", "importtime")) as process:
        read_until(process, "typer")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("--samples", "151"), 1, "hold 150 people: use SAMPLES=150 (--samples 150) or fewer"),
        (("--samples", "abc"), 2, "'abc' is not a whole number"),
        (("--quota", "0.01"), 2, "0.01 is below 0.1"),
    ],
)
def test_what_is_refused_leaves_the_former_results(
    arguments: tuple[str, str], status: int, told: str, tmp_path: Path
) -> None:
    former = {tmp_path / "summary.json": "{}", tmp_path / "local-aws/server.log": "a log"}
    for path, text in former.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    with started("demo", *arguments, "--output", str(tmp_path)) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == status
    assert told in said
    assert {path: path.read_text() for path in former} == former


def test_an_output_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with started("sluice_local", "up", "--port", "0", "--output", str(file)) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith(f"sluice-local up: {file} cannot be written to (File exists)")
    assert said.count("\n") == 1
