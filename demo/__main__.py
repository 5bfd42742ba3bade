"""`python -m demo`: what may be asked for, and how the program ends."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from demo.run import Demo, Settings
from sluice_local.cli import CPUS, EnforceIamOption, JobSlotsOption, parse_positive, whole
from sluice_local.stack import find_project
from sluice_local.terminal.signals import Interrupted, raise_interrupted
from sluice_local.up import expected_errors

SamplesOption = Annotated[int, typer.Option("--samples", parser=whole(1), metavar="N", help="People.")]
SeedOption = Annotated[
    int, typer.Option("--seed", parser=whole(0), metavar="N", help="Chooses people and reads.")
]
DepthOption = Annotated[
    float, typer.Option("--depth", parser=parse_positive, help="Mean number of reads that cover a base.")
]
QuotaOption = Annotated[
    float,
    typer.Option(
        "--quota",
        parser=parse_positive,
        metavar="RATE",
        help="SubmitJob calls a second that are allowed.",
    ),
]
OutputOption = Annotated[
    Path,
    typer.Option("--output", metavar="FOLDER", help="For report.html, summary.json, the sheet and logs."),
]


def demo(  # noqa: PLR0913 - each parameter is an option of the command line
    *,
    samples: SamplesOption = 12,
    seed: SeedOption = 1,
    depth: DepthOption = 0.4,
    quota: QuotaOption = 50.0,
    job_slots: JobSlotsOption = CPUS,
    output: OutputOption = Path("out/demo"),
    enforce_iam: EnforceIamOption = False,
) -> None:
    """Run low-pass samples of real people through Sluice on this machine.

    \b
    Exit codes: 0 every sample succeeded, 1 some failed or the demo could not run, 2 wrong usage,
    130 Ctrl-C, 143 SIGTERM.
    """  # noqa: D301 - \b keeps Typer from joining the lines
    with expected_errors("demo", log_folder=lambda: output):
        settings = Settings(find_project(), samples, seed, depth, quota, job_slots, output, enforce_iam)
        metrics = Demo(settings, Console()).run()
        raise typer.Exit(0 if metrics.succeeded == metrics.samples else 1)


def main() -> None:
    """Run the demo as the command line says, and exit with its status."""
    raise_interrupted()
    try:
        typer.run(demo)
    except Interrupted as interrupted:
        sys.stdout.write("Stopped; nothing is left running.\n")
        sys.exit(interrupted.exit_status)


if __name__ == "__main__":
    main()
