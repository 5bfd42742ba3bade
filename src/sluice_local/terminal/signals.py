"""How a program that started others ends at Ctrl-C and SIGTERM: its clean-up runs, then it says so."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """Raised in the main thread by SIGINT and SIGTERM.

    It is no KeyboardInterrupt, of which Typer would make an exit status of its own.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_status = 128 + number


def leave_at_once() -> None:
    """End the program by a signal without a word, as long as there is nothing to clean up.

    While modules are imported, an exception could be lost in an import's own clean-up.
    """
    _on_signals(_leave)


def raise_interrupted() -> None:
    """Raise `Interrupted` by the first signal from now on; later ones do not disturb the clean-up."""
    _on_signals(_interrupt)


@contextmanager
def deferred() -> Iterator[None]:
    """Let a signal wait until the block is over: what the block starts is known when it is interrupted."""
    received: list[int] = []
    former = {
        number: signal.signal(number, lambda number, _frame: received.append(number))
        for number in _ENDING_SIGNALS
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    if received:
        signal.raise_signal(received[0])


def _on_signals(handler: "signal._HANDLER") -> None:
    for number in _ENDING_SIGNALS:
        signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(128 + number)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    _on_signals(signal.SIG_IGN)
    raise Interrupted(number)
