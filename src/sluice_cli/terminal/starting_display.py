"""Shows how far the starting of samples is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sluice_cli.terminal.output import screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sluice.cohorts.model import Cohort
    from sluice_cli.cohorts.machine import Starting


def show_starting(name: str, total: int, looks: Iterable[Starting], started: Callable[[Cohort], int]) -> None:
    """Shows a bar on a terminal until all samples are started; whoever interrupts it is told what goes on.

    Args:
        name: of the cohort.
        total: samples that are to start.
        looks: at the starting, until it is over.
        started: how many of them have started.
    """
    columns = (TextColumn("starting {task.description}"), BarColumn(), MofNCompleteColumn())
    is_piped = not sys.stdout.isatty()
    try:
        with Progress(*columns, console=screen(), transient=True, disable=is_piped) as progress:
            bar = progress.add_task(name, total=total)
            for look in looks:
                progress.update(bar, completed=started(look.cohort) if look.cohort else 0)
    except KeyboardInterrupt:
        sys.stderr.write(f"AWS goes on starting the samples; to stop them: sluice cancel {name}\n")
        raise
