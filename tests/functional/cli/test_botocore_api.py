"""What goes wrong between here and AWS is said in words, with the way out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def sluice(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the program in an environment with no other AWS settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLUICE_"))}
    nowhere = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return subprocess.run(
        [sys.executable, "-m", "sluice_cli", *arguments],
        env={**kept, **nowhere, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize(
    ("environment", "arguments", "says"),
    [
        ({**KEYS}, (), "No AWS Region is known: give --region"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, (), "There are no AWS credentials: sign in"),
        (
            {**KEYS, "AWS_DEFAULT_REGION": "x"},
            ("--profile", "lab"),
            "The config profile (lab) could not be found",
        ),
    ],
    ids=["region", "credentials", "profile"],
)
def test_what_is_missing_in_the_configuration_is_named(
    environment: dict[str, str], arguments: tuple[str, ...], says: str
) -> None:
    ended = sluice("explain", "NA06989", *arguments, **environment)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.startswith(says)
    assert "Traceback" not in ended.stderr


def test_an_endpoint_that_nobody_serves_is_named() -> None:
    endpoint = f"http://127.0.0.1:{closed_port()}"
    ended = sluice(
        "explain", "NA06989", "--region", "us-east-1", AWS_ENDPOINT_URL=endpoint, AWS_MAX_ATTEMPTS="1", **KEYS
    )
    assert ended.returncode == 3
    assert endpoint in ended.stderr
    assert "AWS_ENDPOINT_URL" in ended.stderr
