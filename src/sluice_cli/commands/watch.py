"""`sluice watch`."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Final

import typer
from rich.console import RenderableType
from rich.live import Live

from sluice.cohorts.model import Sample, SampleStatus
from sluice_cli.aws.cohorts import cohorts_of, find_cohort
from sluice_cli.aws.executions import describe_execution
from sluice_cli.aws.ports import Api, Session, Target
from sluice_cli.aws.stack import Stack, find_stack
from sluice_cli.cohorts.pace import FEW, Pace
from sluice_cli.cohorts.summary import Summary, summarize
from sluice_cli.errors import CliError
from sluice_cli.explain.reading import explain_execution
from sluice_cli.terminal.cohort_display import headline, pace_line, whole
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    CohortArgument,
    FailOption,
    ProfileOption,
    RegionOption,
    StackOption,
)
from sluice_cli.terminal.output import say, screen

SAMPLES_EVERY: Final = 5
"""Looks between two readings of all samples, which costs more than reading the counts."""

HANG_SECONDS: Final = 60
"""After so long without an end it is asked what the last samples wait for; until then they only run."""

_Every = Annotated[float, typer.Option("--every", min=0.5, metavar="S", help="Seconds between updates.")]


@dataclass(frozen=True)
class Look:
    """A cohort as it stands, its pace until then, and what its last samples wait for."""

    summary: Summary
    pace: Pace
    waits: tuple[str, ...] = ()


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(watch)


def watch(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    cohort: CohortArgument,
    *,
    every: _Every = 2.0,
    fail: FailOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Watch a cohort until every sample has ended.

    It shows counts, the rate of the last five minutes, when the cohort will be
    done at that rate, why samples failed, and what the last few are waiting
    for. Without a terminal it prints a line whenever something changes.
    Ctrl-C stops watching only; the cohort goes on.

    \b
    Examples:
      sluice watch run-42
      sluice watch run-42 --fail && sluice report run-42 --html run-42.html
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    looks = look_on(api, session, find_stack(api, stack), cohort, every)
    last = _show_live(looks) if sys.stdout.isatty() else _print_changes(looks)
    if fail and last.summary.has_failures:
        raise typer.Exit(1)


def look_on(api: Api, session: Session, stack: Stack, name: str, every_seconds: float) -> Iterator[Look]:
    """Looks at a cohort until every sample has ended."""
    pace, number = Pace(), 0
    failed: tuple[Sample, ...] = ()
    waits: tuple[str, ...] = ()
    while True:
        cohort = find_cohort(api, stack, name)
        now = Summary(cohort, failed)
        is_due = number % SAMPLES_EVERY == 0 or cohort.over
        has_few_left = cohort.started == cohort.total and 0 < now.count(SampleStatus.RUNNING) <= FEW
        if is_due and (now.has_failures or has_few_left):
            samples = tuple(cohorts_of(api, stack).samples(name))
            now = summarize(cohort, samples)
            failed = now.failed
            if number and has_few_left and _hang(samples, session.now_ms()):
                waits = tuple(_waits(api, stack, samples, session.now_ms()))
        pace = pace.at(session.now_ms(), now.ended)
        yield Look(now, pace, waits if has_few_left else ())
        if cohort.over or (cohort.is_cancelled and now.ended == cohort.started):
            return
        number += 1
        session.sleep(every_seconds)


def _hang(samples: Iterable[Sample], now_ms: int) -> bool:
    """True if for a while none of the samples has started or ended."""
    last_ms = max((sample.stopped_at or sample.started_at for sample in samples), default=now_ms)
    return now_ms - last_ms >= HANG_SECONDS * 1000


def _waits(api: Api, stack: Stack, samples: Iterable[Sample], now_ms: int) -> Iterator[str]:
    """What the samples that run wait for, as `sluice explain` says it; nothing of one that cannot be read."""
    for sample in samples:
        if sample.status is SampleStatus.RUNNING:
            with suppress(CliError):
                execution = describe_execution(api, sample.execution_arn, sample.name)
                explained = explain_execution(api, stack, execution, now_ms=now_ms)
                if execution.status == "RUNNING":
                    yield f"{sample.name}: {explained.says}"


def _show_live(looks: Iterator[Look]) -> Look:
    look = next(looks)
    with Live(_rendered(look), console=screen(), auto_refresh=False) as live:
        for look in looks:
            live.update(_rendered(look), refresh=True)
    return look


def _print_changes(looks: Iterator[Look]) -> Look:
    console, told = screen(), ""
    waited: tuple[str, ...] = ()
    for look in looks:
        line = headline(look.summary)
        if line != told and not look.summary.cohort.over:
            say(console, f"{line}; {pace_line(look.summary, look.pace)}")
        for each in look.waits:
            if each not in waited:
                say(console, f"waiting: {each}")
        told, waited = line, look.waits
    console.print(whole(look.summary))
    return look


def _rendered(look: Look) -> RenderableType:
    return whole(look.summary, bars=True, pace=look.pace, waits=look.waits)
