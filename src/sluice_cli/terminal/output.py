"""What commands print: words for people, JSON for programs; colours only where a terminal shows them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PIPE_WIDTH: Final = 1_000
"""Nothing is folded that a program or a file will hold."""

LINES_SHOWN: Final = 50
"""Of what may have a line for each sample."""


def screen() -> Console:
    """The standard output; made anew by each command, as tests and pipes exchange it."""
    is_terminal = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=not is_terminal, width=None if is_terminal else PIPE_WIDTH)


def say(console: Console, text: str, style: str = "") -> None:
    """Prints a line as it is: brackets are no markup, and the terminal folds it, so that it can be copied."""
    console.print(text, style=style, markup=False, soft_wrap=True)


def some(lines: Sequence[str], most: int = LINES_SHOWN, *, indent: str = "") -> Iterator[str]:
    """The first lines, and how many more there are."""
    yield from (f"{indent}{line}" for line in lines[:most])
    if len(lines) > most:
        yield f"{indent}and {len(lines) - most:,} more"


def warn(text: str) -> None:
    """Prints a line on the standard error that does not stop anything."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, style="yellow", markup=False)


def print_json(document: Mapping[str, Any]) -> None:
    """Prints a document that any program can read."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
