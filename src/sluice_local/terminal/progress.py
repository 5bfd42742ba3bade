"""How progress reads: one plain line, or a block that is painted again and again."""

from dataclasses import dataclass

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

_BAR_WIDTH = 24


@dataclass(frozen=True)
class Step:
    """Something that is under way: its title, and how many of how many are done if that is known."""

    title: str
    done: int = 0
    total: int | None = None


def render_line(step: Step, elapsed_seconds: float) -> str:
    """Say in one plain line what is under way."""
    return f"[{_clock(elapsed_seconds)}] {_text(step)}"


def render_block(step: Step, elapsed_seconds: float) -> Table:
    """Make the block that a terminal shows of what is under way."""
    bar = ProgressBar(total=step.total, completed=step.done, width=_BAR_WIDTH, pulse=step.total is None)
    block = Table.grid(padding=(0, 2))
    block.add_row(Text(_clock(elapsed_seconds), "bold"), _text(step), bar)
    return block


def _text(step: Step) -> str:
    return step.title if step.total is None else f"{step.title}: {step.done} of {step.total}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
