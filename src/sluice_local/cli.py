"""The command line of `sluice-local`: its options, and what may go wrong as a sentence and an exit status."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from sluice_local.deploy import DeployError
from sluice_local.lowpass.people import TooManySamplesError
from sluice_local.lowpass.runs import LowpassRunError
from sluice_local.output import OutputFolderError
from sluice_local.packaging import PackagingError
from sluice_local.quotas import AWS_QUOTAS, Quota
from sluice_local.server import LocalAwsError
from sluice_local.stack import NotACheckoutError, UnknownParameterError, find_project, quota_of
from sluice_local.up import USUAL_PORT, PortTakenError, UpSettings, free_port, output_folder, up

CPUS = os.cpu_count() or 1

EXPECTED_ERRORS = (
    DeployError,
    LocalAwsError,
    LowpassRunError,
    NotACheckoutError,
    OutputFolderError,
    PackagingError,
    PortTakenError,
    TooManySamplesError,
    UnknownParameterError,
)

app = typer.Typer(
    name="sluice-local",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def parse_parameter(text: str) -> tuple[str, str]:
    """Read KEY=VALUE.

    Raises:
        typer.BadParameter: it is of another form.
    """
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise typer.BadParameter(f"{text!r} is not of the form KEY=VALUE")
    return key, value


def parse_quota(text: str) -> tuple[str, Quota | None]:
    """Read API=RATE, or API=none for no quota.

    Raises:
        typer.BadParameter: there is no such API, or the rate is not a number above 0.
    """
    api, rate = parse_parameter(text)
    if api not in AWS_QUOTAS:
        raise typer.BadParameter(f"{api!r} has no quota here; there are {', '.join(AWS_QUOTAS)}")
    return api, None if rate == "none" else quota_of(parse_positive(rate))


def parse_positive(text: str) -> float:
    """Read a number above 0.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None
    if not 0 < value < float("inf"):
        raise typer.BadParameter(f"{text} is not above 0")
    return value


ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="FOLDER",
        help="Checkout of Sluice to run; the one that this code is of, or the current folder, if left out.",
    ),
]
JobSlotsOption = Annotated[
    int, typer.Option("--job-slots", min=1, metavar="N", help="Jobs that run at the same time.")
]
EnforceIamOption = Annotated[
    bool,
    typer.Option(
        "--enforce-iam", help="Let functions, state machines and jobs do only what the template allows."
    ),
]
PortOption = Annotated[
    int, typer.Option("--port", min=0, max=65535, metavar="N", help="Port on 127.0.0.1; 0 takes a free one.")
]
QuotaOption = Annotated[
    list[Any] | None,
    typer.Option(
        "--quota",
        parser=parse_quota,
        metavar="API=RATE",
        help="Calls a second that an API allows, such as Batch.SubmitJob=50; none lifts it. May be repeated.",
    ),
]
ParameterOption = Annotated[
    list[Any] | None,
    typer.Option(
        "--parameter",
        parser=parse_parameter,
        metavar="KEY=VALUE",
        help="A parameter of template.yaml. May be repeated.",
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="FOLDER",
        help="For outputs.json, cohort.csv and logs; out/local (or out/local-PORT), if left out.",
    ),
]


@app.callback()
def sluice_local() -> None:
    """Sluice on this machine: no AWS account, no Docker."""


@app.command("up")
def serve(  # noqa: PLR0913 - each parameter is an option of the command line
    *,
    port: PortOption = USUAL_PORT,
    quota: QuotaOption = None,
    parameter: ParameterOption = None,
    output: OutputOption = None,
    project: ProjectOption = None,
    job_slots: JobSlotsOption = CPUS,
    enforce_iam: EnforceIamOption = False,
) -> None:
    """Serve Local AWS with the stack deployed, until Ctrl-C.

    \b
    Examples:
      sluice-local up --port 4567
      sluice-local up --quota Batch.SubmitJob=5 --parameter PollerCount=2

    \b
    Exit codes: 0 ended by Ctrl-C or SIGTERM, 1 it could not start or broke, 2 wrong usage.
    """  # noqa: D301 - \b keeps Typer from joining the lines
    try:
        chosen = free_port(port)
        output = output or output_folder(chosen)
        settings = UpSettings(
            project=find_project(project),
            port=chosen,
            job_slots=job_slots,
            output=output,
            quotas=dict(quota or ()),
            parameters=dict(parameter or ()),
            enforce_iam=enforce_iam,
        )
        up(settings, Console())
    except EXPECTED_ERRORS as error:
        fail("sluice-local up", str(error))
    except (BotoCoreError, ClientError, OSError) as error:
        fail("sluice-local up", f"{error}\nIf Local AWS does not answer, its log under {output} says why.")


def fail(program: str, message: str) -> None:
    """End the program with a sentence and exit status 1."""
    typer.echo(f"{program}: {message}", err=True)
    raise typer.Exit(1)
