"""Shows a person what is under way: a live block on a terminal, else a plain line every two seconds."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from sluice_local.terminal.progress import Step, render_block, render_line

LINE_SECONDS = 2.0
_BLOCKS_PER_SECOND = 4


class _Painter(Protocol):
    """Brings the present view to the person, again and again, until it is closed."""

    def open(self) -> None: ...
    def step_began(self) -> None: ...
    def step_ended(self, title: str, seconds: float) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def close(self) -> None: ...


class Display:
    """Keeps a person informed inside a `with` block, whatever the program is waiting for.

    Args:
        console: where to write.
        title: shown until the first step begins.
    """

    def __init__(self, console: Console, title: str) -> None:
        self._present: Callable[[], Step] = lambda: Step(title)
        self._started = time.monotonic()
        paints = console.is_terminal and not console.is_dumb_terminal
        self._painter: _Painter = _Block(console, self._block) if paints else _Lines(console, self._line)

    def __enter__(self) -> Self:
        self._painter.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._painter.close()

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since this display was made."""
        return time.monotonic() - self._started

    def show(self, step: Step) -> None:
        """Show `step` from now on."""
        self._present = lambda: step

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Show a step while the block runs, then how long it took; gives what to tell how far it is."""
        began = self.elapsed_seconds
        self.show(Step(title, 0, total))
        self._painter.step_began()
        yield lambda done: self.show(Step(title, done, total))
        self._painter.step_ended(title, self.elapsed_seconds - began)

    @contextmanager
    def lent(self, present: Callable[[], Step]) -> Iterator[None]:
        """Leave a terminal to another program while the block runs; plain lines go on between its own.

        Args:
            present: tells what is under way, whenever a line is due.
        """
        self._present = present
        self._painter.pause()
        yield
        self._painter.resume()

    def _line(self) -> str:
        return render_line(self._present(), self.elapsed_seconds)

    def _block(self) -> Table:
        return render_block(self._present(), self.elapsed_seconds)


class _Block:
    """Paints one block over and over; what is done stays above it."""

    def __init__(self, console: Console, block: Callable[[], Table]) -> None:
        self._console = console
        self._live = Live(
            console=console, get_renderable=block, refresh_per_second=_BLOCKS_PER_SECOND, transient=True
        )

    def open(self) -> None:
        self._live.start()

    def step_began(self) -> None:
        self._live.refresh()

    def step_ended(self, title: str, seconds: float) -> None:
        self._console.print(f"[green]✓[/] {title} [dim]{seconds:.1f} s[/]", highlight=False)

    def pause(self) -> None:
        self._live.stop()

    def resume(self) -> None:
        self._live.start()

    def close(self) -> None:
        self._live.stop()


class _Lines:
    """Writes a line when a step begins, and whenever two seconds have passed without one."""

    def __init__(self, console: Console, line: Callable[[], str]) -> None:
        self._console = console
        self._line = line
        self._began = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._keep_writing, name="progress", daemon=True)

    def open(self) -> None:
        self._thread.start()

    def step_began(self) -> None:
        self._write()
        self._began.set()

    def step_ended(self, title: str, seconds: float) -> None:
        """The next step's line says it."""

    def pause(self) -> None:
        """Lines may stand between those of another program."""

    def resume(self) -> None:
        """Nothing was paused."""

    def close(self) -> None:
        self._closed = True
        self._began.set()
        self._thread.join()

    def _write(self) -> None:
        self._console.print(self._line(), soft_wrap=True, markup=False, highlight=False)

    def _keep_writing(self) -> None:
        while not self._closed:
            if self._began.wait(LINE_SECONDS):
                self._began.clear()
            else:
                self._write()
