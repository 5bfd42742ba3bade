"""The options that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from sluice_cli.terminal.completion import cohort_names, sample_names

PANEL = "Where"

StackOption = Annotated[
    str,
    typer.Option(
        "--stack", envvar="SLUICE_STACK", metavar="NAME", help="Name of the stack.", rich_help_panel=PANEL
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="AWS configuration profile.", rich_help_panel=PANEL),
]
RegionOption = Annotated[
    str | None,
    typer.Option("--region", metavar="NAME", help="AWS Region of the stack.", rich_help_panel=PANEL),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
CohortOption = Annotated[
    str | None,
    typer.Option(
        "--cohort",
        metavar="NAME",
        help="Cohort of the sample; any, if left out.",
        autocompletion=cohort_names,
    ),
]
AttemptOption = Annotated[
    int | None,
    typer.Option(
        "--attempt", metavar="N", min=1, help="Attempt of a cohort's sample; the last, if left out."
    ),
]
SubjectArgument = Annotated[
    str,
    typer.Argument(
        metavar="SAMPLE_OR_EXECUTION",
        help="Name of a sample or an execution, or an execution's ARN.",
        autocompletion=sample_names,
    ),
]

DEFAULT_STACK = "sluice"

CohortArgument = Annotated[
    str, typer.Argument(metavar="COHORT", help="Name of the cohort.", autocompletion=cohort_names)
]
ErrorOption = Annotated[
    list[str] | None,
    typer.Option("--error", metavar="NAME", help="Only samples with this error; may be repeated."),
]
FailOption = Annotated[bool, typer.Option("--fail", help="Exit with 1 if a sample failed.")]
NoWaitOption = Annotated[
    bool, typer.Option("--no-wait", help="Do not wait until all samples are started; AWS goes on by itself.")
]
