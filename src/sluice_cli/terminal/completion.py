"""What the shell offers when somebody presses Tab behind the name of a cohort or a sample."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

import typer  # noqa: TC002 - Typer reads the parameters' types

from sluice_cli.aws.api import BotocoreApi
from sluice_cli.aws.cohorts import cohorts_of
from sluice_cli.aws.ports import Target
from sluice_cli.aws.stack import find_stack
from sluice_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice.cohorts.model import Cohort
    from sluice.cohorts.ports import CohortStore

OFFERED_MAX: Final = 100
"""Names at once: nobody reads more, and shells ask before they show them."""

COHORTS_SEARCHED: Final = 5
"""The newest cohorts, whose samples are offered where no cohort is named."""


def cohort_names(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offers the stack's cohorts that begin so, the newest first, each with how far it is."""
    cohorts = _cohorts(context)
    try:
        found = [each for each in _newest_first(cohorts) if each.name.startswith(incomplete)]
    except CliError:
        return []
    return [
        (each.name, f"{each.started:,} of {each.total:,} samples started") for each in found[:OFFERED_MAX]
    ]


def sample_names(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offers samples that begin so: of the cohort that is named, else of the newest ones."""
    cohorts = _cohorts(context)
    try:
        return list(islice(_samples(cohorts, context.params.get("cohort"), incomplete), OFFERED_MAX))
    except CliError:
        return []


def _samples(cohorts: CohortStore | None, cohort: str | None, incomplete: str) -> Iterator[tuple[str, str]]:
    if cohorts is None:
        return
    names = [cohort] if cohort else [each.name for each in _newest_first(cohorts)[:COHORTS_SEARCHED]]
    for name in names:
        for sample in cohorts.samples(name):
            if sample.name.startswith(incomplete):
                yield sample.name, f"{sample.error or sample.status} in {name}"


def _newest_first(cohorts: CohortStore | None) -> list[Cohort]:
    if cohorts is None:
        return []
    return sorted(cohorts.all_cohorts(), key=lambda cohort: cohort.created_at, reverse=True)


def _cohorts(context: typer.Context) -> CohortStore | None:
    """The stack's cohort table; None where it cannot be read, as a shell has no place to say why."""
    given = context.params
    connect = context.obj.connect if context.obj is not None else BotocoreApi
    try:
        api = connect(Target(given["stack"], given["profile"], given["region"]))
        return cohorts_of(api, find_stack(api, given["stack"]))
    except CliError:
        return None
