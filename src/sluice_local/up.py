"""The command `up`: serves Local AWS with the stack deployed until it is told to end."""

import json
import shlex
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from sluice_local.errors import LocalError
from sluice_local.lowpass.dataset import Dataset, ReadsWanted
from sluice_local.lowpass.people import Places
from sluice_local.output import require_folder, write_whole
from sluice_local.quotas import AWS_QUOTAS, FARGATE_LAUNCHES, Quota
from sluice_local.server import LocalAws, client_environment
from sluice_local.settings import ACCOUNT_ID, REGION, LocalSettings
from sluice_local.stack import (
    Project,
    deploy_stack,
    require_parameters,
    stack_parameters,
)
from sluice_local.terminal.display import Display

OUTPUTS_FILE = "outputs.json"
SHEET_FILE = "cohort.csv"
LOG_FILE = "server.log"
USUAL_PORT = 4566
SAMPLES = ("NA06989", "NA06994", "NA07000")
_LOOK_SECONDS = 2
_READS = ReadsWanted(depth=0.4, seed=1)


class PortTakenError(LocalError):
    """Raised when something else listens on the wanted port."""


@contextmanager
def expected_errors(program: str, *, log_folder: Callable[[], Path | None]) -> Iterator[None]:
    """Turn what may go wrong into a sentence of the program's and exit status 1.

    Args:
        program: the command, as it was typed.
        log_folder: where Local AWS's log lies, once that is known.
    """
    try:
        yield
    except LocalError as error:
        message = str(error)
    except (BotoCoreError, ClientError, OSError) as error:
        message = f"{error}\nIf Local AWS does not answer, its log under {log_folder()} says why."
    else:
        return
    typer.echo(f"{program}: {message}", err=True)
    raise typer.Exit(1)


@dataclass(frozen=True)
class UpSettings:
    """How Local AWS is served.

    Attributes:
        project: what is deployed, and the genotypes of the sample to try it with.
        port: a free one of 127.0.0.1.
        job_slots: jobs that run at the same time.
        output: folder for the outputs and the logs.
        quotas: quota by API name, laid over AWS's own; None lifts one.
        parameters: of the stack, laid over those that fit the quotas.
        enforce_iam: whether the template's policies are enforced.
        fargate_launches: tasks that Fargate starts; None lifts them.
        ec2_dispatches: jobs that are placed on the instances of a compute environment; None lifts them.
    """

    project: Project
    port: int
    job_slots: int
    output: Path
    quotas: Mapping[str, Quota | None] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    enforce_iam: bool = False
    fargate_launches: Quota | None = FARGATE_LAUNCHES
    ec2_dispatches: Quota | None = None

    @property
    def stack_parameters(self) -> dict[str, str]:
        """The parameters to deploy with."""
        quota = {**AWS_QUOTAS, **self.quotas}["Batch.SubmitJob"]
        return {**(stack_parameters(quota) if quota else {}), **self.parameters}


def up(settings: UpSettings) -> NoReturn:
    """Serve until a signal's exception ends it; nothing is left running then.

    Raises:
        OutputFolderError: if the folder cannot be written to.
        UnknownParameterError: if the template has no such parameter.
        LocalAwsError, DeployError: if Local AWS or the stack does not start.
        OSError: if Local AWS ends by itself.
    """
    console = Console()
    require_parameters(settings.project, settings.parameters)
    require_folder(settings.output)
    _clear(settings.output)
    with ExitStack() as open_until_end:
        open_until_end.callback(_remove_descriptions, settings.output)
        with Display(console, "Starting Local AWS") as display:
            with display.step("Starting Local AWS"):
                aws = open_until_end.enter_context(_local_aws(settings))
            with display.step("Deploying the stack"):
                outputs = deploy_stack(settings.project, aws, settings.stack_parameters)
            with display.step("Making samples to try it with"):
                bucket, workers = outputs["DataBucketName"], settings.job_slots
                sheet = _add_samples(settings.project, aws, bucket, workers=workers)
        write_whole(settings.output / SHEET_FILE, sheet)
        # the last file: whoever finds it finds the others too
        write_whole(settings.output / OUTPUTS_FILE, described(aws.endpoint, outputs))
        text = ready_text(settings.output, aws.endpoint, command_line(Path(sys.executable), Path.cwd()))
        console.print(text, soft_wrap=True, highlight=False, markup=False)
        while True:
            time.sleep(_LOOK_SECONDS)
            aws.page("engine")


def output_folder(port: int) -> Path:
    """Return the folder of the server on a port; each port has its own, so that servers do not mix."""
    return Path("out/local" if port == USUAL_PORT else f"out/local-{port}")


def free_port(port: int) -> int:
    """Return `port`, or one that is free if it is 0.

    Raises:
        PortTakenError: if something listens on it.
    """
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
            return int(attempt.getsockname()[1])
        except OSError as error:
            raise PortTakenError(
                f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}): stop what listens there, "
                "or choose another with --port; 0 takes a free one (make local PORT=0)."
            ) from error


def _clear(folder: Path) -> None:
    """Remove what an earlier server left, so that nobody takes it for this one's."""
    _remove_descriptions(folder)
    (folder / LOG_FILE).unlink(missing_ok=True)
    for name in ("logs", "scratch"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _remove_descriptions(folder: Path) -> None:
    """Remove what tells how to use the server: it holds only while that one serves."""
    for name in (OUTPUTS_FILE, SHEET_FILE):
        (folder / name).unlink(missing_ok=True)


def _local_aws(settings: UpSettings) -> LocalAws:
    local = LocalSettings(
        port=settings.port,
        quotas=settings.quotas,
        job_slots=settings.job_slots,
        job_directory=str(settings.output.absolute()),
        enforce_iam=settings.enforce_iam,
        fargate_launches=settings.fargate_launches,
        ec2_dispatches=settings.ec2_dispatches,
    )
    return LocalAws(local, log_path=settings.output / LOG_FILE)


def _add_samples(project: Project, aws: LocalAws, bucket: str, *, workers: int) -> str:
    """Upload the samples' reads and what their workflows need; returns their sheet."""
    with tempfile.TemporaryDirectory(prefix="sluice-up-") as folder:
        dataset = Dataset(project, aws.client("s3"), bucket, Path(folder))
        dataset.add_reference()
        list(dataset.add_reads(SAMPLES, _READS, workers=workers))
    return Places(bucket).sheet(SAMPLES)


def described(endpoint: str, outputs: Mapping[str, str]) -> str:
    """Return what a program needs to use this Local AWS, as JSON: where it is, and the stack's outputs."""
    document = {"endpoint": endpoint, "region": REGION, "accountId": ACCOUNT_ID, **outputs}
    return json.dumps(document, indent=2) + "\n"


def command_line(python: Path, here: Path) -> Path:
    """Return the path of the `sluice` beside an interpreter, relative to `here` if it lies below."""
    program = python.parent.resolve() / "sluice"
    return program.relative_to(here) if program.is_relative_to(here) else program


def ready_text(folder: Path, endpoint: str, sluice: Path) -> str:
    """Say that Local AWS serves, and how to try it with the program `sluice`."""
    program, sheet = shlex.quote(str(sluice)), folder / SHEET_FILE
    variables = " ".join(f"{name}={value}" for name, value in client_environment(endpoint).items())
    return f"""
Local AWS serves {endpoint} with the stack deployed. Ctrl-C ends it.
  to watch {endpoint}/_sluice/ in a browser
  outputs  {folder / OUTPUTS_FILE}
  sheet    {sheet}, of samples to run
  log      {folder / LOG_FILE}
  jobs     {endpoint}/_sluice/jobs   calls {endpoint}/_sluice/calls
  job logs {folder / "logs"}, each named by its logStreamName

To run these samples, in another terminal, from this folder:
  export {variables}
  {program} launch {shlex.quote(str(sheet))}
  {program} watch {sheet.stem}
  {program} explain {SAMPLES[0]} --cohort {sheet.stem}
  {program} report {sheet.stem} --html {shlex.quote(str(sheet.with_suffix(".html")))}
"""
