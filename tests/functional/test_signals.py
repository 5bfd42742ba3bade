"""Ctrl-C and SIGTERM end a program at any time, without a traceback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

CREDENTIALS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
STATUS = ("sluice_cli", "status", "run-42")
ALIGN = ("lowpass", "align", "--reads", "s3://data/reads", "--reference", "reference", "--output", "output")


@pytest.mark.parametrize(
    ("command", "number", "status", "told"),
    [
        (STATUS, signal.SIGINT, 130, "Stopped.\n"),
        (STATUS, signal.SIGTERM, 143, "Stopped.\n"),
        (ALIGN, signal.SIGINT, 130, "Stopped.\n"),
        (ALIGN, signal.SIGTERM, 143, ""),  # by which Batch ends a job, and says so itself
    ],
)
def test_a_signal_while_aws_is_awaited(
    command: tuple[str, ...], number: signal.Signals, status: int, told: str
) -> None:
    # GIVEN a program that has asked AWS, which does not answer
    with socket.create_server(("127.0.0.1", 0)) as aws:
        aws.settimeout(60)
        endpoint = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws.getsockname()[1]}", "NO_PROXY": "127.0.0.1"}
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**os.environ, **CREDENTIALS, **endpoint},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        asked, _ = aws.accept()
        with asked:
            assert asked.recv(1)
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (status, told)


def test_ctrl_c_while_modules_are_imported() -> None:
    # GIVEN a program that tells of each import, and has begun them
    command = [sys.executable, "-X", "importtime", "-m", *STATUS]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    for line in process.stdout:
        if line.endswith(" typer\n"):
            break
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
