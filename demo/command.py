"""What may be asked of the demo."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from demo.run import LOCAL_AWS_FOLDER, Demo, Settings
from sluice_local.cli import CPUS, EnforceIamOption, JobSlotsOption, parse_positive, whole
from sluice_local.stack import find_project
from sluice_local.up import expected_errors

QUOTA_MIN = 0.1
"""The least that template.yaml takes as a rate of submissions a second."""


def parse_quota(text: Any) -> float:
    """Read a quota that the stack can stay within.

    Raises:
        typer.BadParameter: it is none.
    """
    quota = parse_positive(text)
    if quota < QUOTA_MIN:
        raise typer.BadParameter(f"{text} is below {QUOTA_MIN}, the minimum")
    return quota


app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

SamplesOption = Annotated[
    int, typer.Option("--samples", parser=whole(1), metavar="N", help="Number of people, at most 150.")
]
SeedOption = Annotated[
    int, typer.Option("--seed", parser=whole(0), metavar="N", help="Chooses the people and their reads.")
]
DepthOption = Annotated[
    float,
    typer.Option("--depth", parser=parse_positive, metavar="X", help="Mean number of reads over a base."),
]
QuotaOption = Annotated[
    float,
    typer.Option(
        "--quota", parser=parse_quota, metavar="RATE", help="SubmitJob calls a second that are allowed."
    ),
]
OutputOption = Annotated[
    Path,
    typer.Option(
        "--output", metavar="FOLDER", help="Folder for report.html, summary.json, the sheet and logs."
    ),
]


@app.command()
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

    It starts Local AWS, deploys the stack, makes the samples' reads, and runs
    the commands of `sluice` that you would type, each shown before it runs.

    \b
    Examples:
      python -m demo
      python -m demo --samples 150 --quota 5

    \b
    Exit codes: 0 every sample succeeded, 1 some failed or the demo could not
    run, 2 wrong usage, 130 Ctrl-C, 143 SIGTERM.
    """  # noqa: D301 - \b keeps Typer from joining the lines
    with expected_errors("demo", log_folder=lambda: output / LOCAL_AWS_FOLDER):
        settings = Settings(find_project(), samples, seed, depth, quota, job_slots, output, enforce_iam)
        metrics = Demo(settings, Console()).run()
        raise typer.Exit(0 if metrics.succeeded == metrics.samples else 1)
