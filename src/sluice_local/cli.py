"""The command line of `sluice-local`.

What a command needs is imported when it runs: help is there without the extra that it needs.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from sluice_local.quotas import AWS_QUOTAS, FARGATE_LAUNCHES, Quota, quota_of

CPUS = os.cpu_count() or 1

app = typer.Typer(
    name="sluice-local",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def whole(least: int, most: int | None = None) -> Callable[[Any], int]:
    """Make what reads a whole number within bounds and names a value that is none."""

    def parse(text: Any) -> int:
        try:
            value = int(text)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is not a whole number") from None
        if value < least:
            raise typer.BadParameter(f"{text} is below {least}, the minimum")
        if most is not None and value > most:
            raise typer.BadParameter(f"{text} is above {most}, the maximum")
        return value

    return parse


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
        raise typer.BadParameter(f"{api!r} has no quota here; these have one: {', '.join(AWS_QUOTAS)}")
    return api, None if rate == "none" else quota_of(parse_positive(rate))


def parse_launches(text: Any) -> Quota | None:
    """Read the tasks a second that Fargate starts, or none for as many as come.

    The bucket is AWS's, five seconds of launches.

    Raises:
        typer.BadParameter: it is not a number above 0.
    """
    seconds = FARGATE_LAUNCHES.bucket_size / FARGATE_LAUNCHES.refill_per_second
    return _quota_or_none(text, lambda rate: Quota(max(1.0, rate * seconds), rate))


def parse_dispatches(text: Any) -> Quota | None:
    """Read the jobs a second that are placed on EC2, or none for as many as come.

    Raises:
        typer.BadParameter: it is not a number above 0.
    """
    return _quota_or_none(text, quota_of)


def _quota_or_none(text: Any, quota: Callable[[float], Quota]) -> Quota | None:
    if isinstance(text, Quota) or text == "none":
        return text if isinstance(text, Quota) else None
    return quota(parse_positive(text))


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
        help="Checkout of Sluice; the one that contains this code, or the current folder, if left out.",
    ),
]
JobSlotsOption = Annotated[
    int, typer.Option("--job-slots", parser=whole(1), metavar="N", help="Jobs that run at the same time.")
]
EnforceIamOption = Annotated[
    bool,
    typer.Option(
        "--enforce-iam", help="Let functions, state machines and jobs do only what the template allows."
    ),
]
PortOption = Annotated[
    int,
    typer.Option("--port", parser=whole(0, 65535), metavar="N", help="Port on 127.0.0.1; 0: a free one."),
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
LaunchesOption = Annotated[
    Any,
    typer.Option(
        "--fargate-launches",
        parser=parse_launches,
        metavar="RATE",
        show_default=False,
        help="Tasks a second that Fargate starts; 20 after a burst of 100, if left out; none lifts it.",
    ),
]
DispatchesOption = Annotated[
    Any,
    typer.Option(
        "--ec2-dispatches",
        parser=parse_dispatches,
        metavar="RATE",
        show_default=False,
        help="Jobs a second that each EC2 compute environment gets; no limit, if left out.",
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
    port: PortOption = 4566,
    quota: QuotaOption = None,
    parameter: ParameterOption = None,
    output: OutputOption = None,
    project: ProjectOption = None,
    job_slots: JobSlotsOption = CPUS,
    fargate_launches: LaunchesOption = "20",
    ec2_dispatches: DispatchesOption = "none",
    enforce_iam: EnforceIamOption = False,
) -> None:
    """Serve Local AWS with the stack deployed, until Ctrl-C.

    \b
    Examples:
      sluice-local up --port 4567
      sluice-local up --quota Batch.SubmitJob=5 --parameter PollerCount=2

    \b
    Exit codes: 0 ended by Ctrl-C or SIGTERM, 1 it could not start or crashed, 2 wrong usage.
    """  # noqa: D301 - \b keeps Typer from joining the lines
    from sluice_local import up  # noqa: PLC0415 - see the top of this file
    from sluice_local.stack import find_project  # noqa: PLC0415 - likewise

    with up.expected_errors("sluice-local up", log_folder=lambda: output):
        chosen = up.free_port(port)
        output = output or up.output_folder(chosen)
        settings = up.UpSettings(
            project=find_project(project),
            port=chosen,
            job_slots=job_slots,
            output=output,
            quotas=dict(quota or ()),
            parameters=dict(parameter or ()),
            fargate_launches=fargate_launches,
            ec2_dispatches=ec2_dispatches,
            enforce_iam=enforce_iam,
        )
        up.up(settings)
