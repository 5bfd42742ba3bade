"""Starts and ends one Local AWS."""

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import botocore.session
from botocore.config import Config

from sluice_local.errors import LocalError
from sluice_local.faults.plan import FaultPlan
from sluice_local.settings import REGION, LocalSettings

_START_SECONDS = 60
_END_SECONDS = 10
_LOG_LINES_SHOWN = 20
_INHERITED = frozenset(
    {
        "PATH",
        "HOME",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "PYTHONPATH",
        "PYTHONDONTWRITEBYTECODE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    }
)
"""What a program needs to be found, to write its files and to reach the world."""

Client = Any  # boto3 makes its clients at run time
Json = Any


class LocalAwsError(LocalError):
    """Raised when Local AWS does not start."""


class LocalAws:
    """One Local AWS on 127.0.0.1, alive inside a `with` block.

    It is a child process with a process group of its own, which holds the Lambda workers too; all of them end
    with the block, and with the process that entered it.

    Args:
        settings: port, quotas and the rest.
        log_path: file for the server's log; a temporary one if None.
    """

    region = REGION

    def __init__(self, settings: LocalSettings | None = None, *, log_path: Path | None = None) -> None:
        self.settings = settings or LocalSettings()
        self._given_log_path = log_path
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def endpoint(self) -> str:
        """The URL of every service, for `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def log_path(self) -> Path:
        """The file that holds the server's log."""
        return self._log_path

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="local-aws-")
        self._log_path = self._given_log_path or Path(self._folder.name, "server.log")
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

    def client(self, service: str, config: Config | None = None) -> Client:
        """Return a boto3 client of `service` that talks to this server, with made-up credentials."""
        return connect(service, self.endpoint, config)

    def page(self, name: str) -> Json:
        """Return the observation page `/_sluice/<name>`, read as JSON; it counts against no quota."""
        return self._request("GET", name)

    def inject(self, plan: FaultPlan) -> Json:
        """Put a plan of faults in force in the place of any other; return the page `faults`."""
        return self._request("PUT", "faults", plan.to_json().encode())

    def end_faults(self) -> Json:
        """End the plan of faults that is in force; return the page `faults`, which keeps its counts."""
        return self._request("DELETE", "faults")

    def environment(self) -> dict[str, str]:
        """Return the variables that make any AWS SDK or CLI of a child process talk to this server."""
        return client_environment(self.endpoint)

    def _request(self, method: str, page: str, body: bytes | None = None) -> Json:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(f"{self.endpoint}/_sluice/{page}", body, method=method)  # noqa: S310 - http
        with opener.open(request, timeout=30) as response:
            return json.load(response)

    def _start(self) -> None:
        command = [sys.executable, "-m", "sluice_local.engine.serve", self.settings.to_json()]
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_server_environment(os.environ, self._folder.name),
                start_new_session=True,
            )
        self._port = self._await_port(self._process)

    def _await_port(self, process: subprocess.Popen[bytes]) -> int:
        assert process.stdout is not None
        overdue = threading.Timer(_START_SECONDS, process.kill)
        overdue.start()
        line = process.stdout.readline()
        overdue.cancel()
        if not line:
            process.wait()
            raise LocalAwsError(
                f"Local AWS did not start. The end of {self._log_path}:\n{self._last_log_lines()}"
            )
        return int(json.loads(line)["port"])

    def _last_log_lines(self) -> str:
        return "\n".join(self._log_path.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:])

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _end_group(process.pid)
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                pipe.close()
        self._folder.cleanup()


def connect(service: str, endpoint: str, config: Config | None = None) -> Client:
    """Return a boto3 client of `service` at `endpoint`; it heeds none of the caller's settings of AWS."""
    return _session().client(
        service,  # type: ignore[call-overload]
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - Local AWS's administrator, whose signature is not checked
        config=Config(proxies={}).merge(config or Config()),
    )


@functools.cache
def _session() -> boto3.Session:
    """Return a session that reads neither AWS_* variables nor the files in ~/.aws."""
    variables = {
        name: (in_files, None, default, convert)
        for name, (in_files, _, default, convert) in botocore.session.Session.SESSION_VARIABLES.items()
    }
    no_files = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    return boto3.Session(botocore_session=botocore.session.Session({**variables, **no_files}))


def client_environment(endpoint: str) -> dict[str, str]:
    """Return the variables that make any AWS SDK or CLI talk to the Local AWS at `endpoint`."""
    return {"AWS_ENDPOINT_URL": endpoint, **_credentials()}


def _end_group(leader: int) -> None:
    """End what is left of a process group whose leader has ended, most often nothing."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _credentials() -> dict[str, str]:
    # boto3 and version 1 of the AWS CLI read AWS_DEFAULT_REGION, not AWS_REGION:
    # https://docs.aws.amazon.com/boto3/latest/guide/configuration.html#using-environment-variables
    return {"AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def inherited_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a child process takes over of `environment`, as functions and jobs can read it.

    Nothing that changes how programs behave is among it, and no secret, such as a token of a CI service.
    """
    kept = {name: value for name, value in environment.items() if name.upper() in _INHERITED}
    return {**kept, "LANG": "C.UTF-8"}


def _server_environment(environment: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return the server's variables, which the Lambda functions inherit."""
    return {
        **inherited_environment(environment),
        **_credentials(),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "TMPDIR": folder,
        "TZ": ":UTC",  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    }
