"""CPU milliseconds a task of the functions that every task passes, and the share of a vCPU that they make.

The functions' handlers run in a process of their own against a stand-in for AWS in another, over HTTPS. What
counts is the CPU time of the first.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.cpu.figures import Figures, memory_of, parts, share_of_vcpu
from bench.machine import describe_machine
from bench.results import write_json
from sluice_local.packaging import read_template

ROOT: Final = Path(__file__).parents[2]
TEMPLATE: Final = ROOT / "template.yaml"
KEPT: Final = Path(__file__).parent / "figures.json"
"""The figures that stand for the memories in template.yaml."""

SHOWN: Final = 20


class CpuBenchError(Exception):
    """Raised when this machine lacks what the measurement needs."""


@dataclass(frozen=True)
class Effort:
    """How much is measured: runs, of which the fastest counts as other work only adds, and their tasks."""

    runs: int
    tasks: int


def cpu(effort: Effort, output: Path, console: Console, *, keep: bool) -> int:
    """Measures, prints and writes the figures; returns 0.

    Args:
        effort: how much is measured.
        output: file of the results, with the profile.
        console: where the table is shown.
        keep: whether the figures also become those that the project's tests hold the template against.

    Raises:
        CpuBenchError: there is no `openssl` here.
    """
    with tempfile.TemporaryDirectory() as folder, stand_in(Path(folder)) as environment:
        runs = [_measure(environment, Path(folder), effort.tasks, "plain") for _ in range(effort.runs)]
        profile = _measure(environment, Path(folder), effort.tasks, "profiled")
    figures = Figures(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=describe_machine(),
        packages={name: version(name) for name in ("botocore", "urllib3")},
        tasks=effort.tasks,
        runs=effort.runs,
        cpu_ms={name: round(min(run[name]["cpuMs"] for run in runs), 2) for name in profile},
    )
    spread = {name: sorted(round(run[name]["cpuMs"], 2) for run in runs) for name in profile}
    where = {name: _heaviest(profile[name]["profile"]) for name in profile}
    write_json(output, {**asdict(figures), "spread": spread, "profile": where})
    if keep:
        write_json(KEPT, asdict(figures))
    _print(console, figures, profile)
    return 0


@contextmanager
def stand_in(folder: Path) -> Iterator[dict[str, str]]:
    """Serves AWS's stand-in; yields the environment of a function that calls it."""
    certificate, key = _certificate(folder)
    command = [sys.executable, "-m", "bench.cpu.stand_in", str(certificate), str(key)]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        try:
            yield {
                **environment_of(read_template(TEMPLATE.read_text(encoding="utf-8"))),
                "AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}",
                "AWS_CA_BUNDLE": str(certificate),
            }
        finally:
            server.stdin.close()


def environment_of(template: Mapping[str, Any]) -> dict[str, str]:
    """The functions' environment as the template's defaults make it, with any credentials."""
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    names = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    credentials = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "bench"}
    session = {"AWS_SESSION_TOKEN": "t" * 900, "POWERTOOLS_METRICS_NAMESPACE": "Sluice"}
    given = {name: _given(value, template["Parameters"]) for name, value in variables.items()}
    return {**given, **names, **credentials, **session, "POWERTOOLS_TRACE_DISABLED": "true"}


def _given(value: Any, parameters: Mapping[str, Any]) -> str:
    if isinstance(value, str):
        return value
    ((_, name),) = value.items()
    if isinstance(name, str) and name in parameters:
        return str(parameters[name]["Default"])
    return f"arn:aws:states:eu-west-1:123456789012:stateMachine:sluice-{name}"[:250]


def _certificate(folder: Path) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        raise CpuBenchError("openssl is not there: it makes the certificate of AWS's stand-in. Install it.")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    of_curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    named = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    command = [openssl, "req", "-x509", *of_curve, *named, *files]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - found above
    return certificate, key


def _measure(environment: Mapping[str, str], folder: Path, tasks: int, how: str) -> dict[str, Any]:
    target = folder / "measured.json"
    command = [sys.executable, "-m", "bench.cpu.subject", str(target), str(tasks), how]
    subprocess.run(  # noqa: S603 - our own program
        command, cwd=ROOT, check=True, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return found


def _heaviest(profile: Mapping[str, float]) -> dict[str, float]:
    ranked: Sequence[tuple[str, float]] = sorted(profile.items(), key=lambda item: -item[1])[:SHOWN]
    return {name: round(ms, 3) for name, ms in ranked}


def _print(console: Console, figures: Figures, profile: Mapping[str, Any]) -> None:
    template = read_template(TEMPLATE.read_text(encoding="utf-8"))
    table = Table(title=f"CPU time of a task (fastest of {figures.runs} runs of {figures.tasks} tasks)")
    for column in ("function", "ms a task", "memory MB", "share of its vCPU at 50 a second"):
        table.add_column(column, justify="left" if column == "function" else "right")
    for name, ms in figures.cpu_ms.items():
        memory = memory_of(template, name)
        table.add_row(name, f"{ms:.2f}", str(memory), f"{share_of_vcpu(ms, memory):.0%}")
    console.print(table)
    for name, found in profile.items():
        told = ", ".join(f"{part} {ms:.2f}" for part, ms in parts(found["profile"]).items())
        console.print(f"{name}, own time by part in ms a task, slowed by the profiler: {told}")
