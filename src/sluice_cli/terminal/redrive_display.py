"""Shows how far the redrive of dead letters is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sluice_cli.redrive.moving import Progress as Stage
from sluice_cli.terminal.output import say, screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sluice_cli.redrive.moving import DeadLetters, Move


def messages(number: int) -> str:
    """Says how many messages: `1 message`, `1,500 messages`."""
    return f"{number:,} message{'' if number == 1 else 's'}"


def show_moves(looks: Iterable[Sequence[Move]], *, quiet: bool) -> list[Move]:
    """Looks on until all is moved, with a bar a queue on a terminal; who interrupts it is told what goes on.

    Args:
        looks: at the redrives, until they are over.
        quiet: no bars, even on a terminal.

    Returns:
        How the redrives ended.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = quiet or not sys.stdout.isatty()
    last: list[Move] = []
    try:
        with Progress(*columns, console=screen(), transient=True, disable=hidden) as progress:
            for moves in looks:
                last = list(moves)
                _advance(progress, last)
    except KeyboardInterrupt:
        sys.stderr.write("SQS goes on moving the messages; to watch again: sluice redrive\n")
        raise
    return last


def _advance(progress: Progress, moves: Iterable[Move]) -> None:
    bars = {each.description: each.id for each in progress.tasks}
    for each in moves:
        if each.progress is not Stage.EMPTY:
            name = each.letters.queue
            bar = bars[name] if name in bars else progress.add_task(name)
            progress.update(bar, completed=each.moved, total=each.letters.messages)


def show_dead_letters(found: Iterable[DeadLetters]) -> None:
    """Says what would be moved, and to where."""
    console = screen()
    for each in found:
        say(console, f"{each.queue}: {messages(each.messages)}, to go back to {each.destination}")


def show_ends(moves: Iterable[Move]) -> None:
    """Says what was moved, and what was not."""
    console = screen()
    for each in moves:
        where = f"{each.letters.queue}: "
        if each.progress is Stage.EMPTY:
            say(console, f"{where}empty")
            continue
        says = f"{where}{messages(each.moved)} moved to {each.letters.destination}"
        if each.has_failed:
            why = each.reason or "somebody cancelled it"
            say(console, f"{says}; then the redrive stopped: {why}", "bold red")
        else:
            say(console, says)
