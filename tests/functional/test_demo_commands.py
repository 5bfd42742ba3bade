"""The commands' ends: signals, a taken port, too many samples."""

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


@contextmanager
def started(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "sluice_local", *arguments],
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
    with started("up", "--port", "0", "--output", str(tmp_path)) as process:
        read_until(process, "aws stepfunctions list-executions")
        outputs = json.loads((tmp_path / "outputs.json").read_text())
        assert answers(outputs["endpoint"])
        assert outputs["WorkflowArn"].startswith("arn:aws:states:us-east-1:000000000000:stateMachine:")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert not answers(outputs["endpoint"])


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with started("up", "--port", port, "--output", str(tmp_path)) as process:
            said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith(f"sluice-local up: Port {port} on 127.0.0.1 cannot be used")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "status", "moment"),
    [
        (signal.SIGINT, 130, "Building the reference"),
        (signal.SIGINT, 130, "samples: "),
        (signal.SIGTERM, 143, "Drawing reads"),
    ],
)
def test_a_signal_ends_the_demo_at_any_time(
    number: signal.Signals, status: int, moment: str, tmp_path: Path
) -> None:
    with started("demo", "--samples", "2", "--output", str(tmp_path)) as process:
        read_until(process, moment)
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == status
    assert said.splitlines()[-1] == "Stopped; nothing is left running."
    assert "Traceback" not in said
    assert not (tmp_path / "summary.json").exists()


def test_more_samples_than_people_name_the_limit(tmp_path: Path) -> None:
    with started("demo", "--samples", "151", "--output", str(tmp_path)) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the truth data hold 150 people: use --samples 150 or fewer" in said
