"""Hands pieces of work of several kinds to workers so that no kind waits for another."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluice.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Piece = Callable[[], None]


@dataclass
class _Kind:
    pieces: Iterator[Piece]
    begun: int = 0
    at_work: int = 0


def in_fair_order(*kinds: Iterable[Piece]) -> Iterator[Piece]:
    """Yields pieces of work, next one of the kind with the fewest at work, or else with the fewest begun.

    A kind whose pieces take long, as an API is throttled, soon holds its share of the workers and no more;
    alone it has all of them. A kind of which no more can be had, as its table fails, ends there, and the
    error is raised when the others are done. Draw the pieces by one thread at a time.
    """
    lock, failed = threading.Lock(), None
    waiting = [_Kind(iter(pieces)) for pieces in kinds]
    while waiting:
        with lock:
            kind = min(waiting, key=lambda each: (each.at_work, each.begun))
        try:
            piece = next(kind.pieces, None)
        except ServiceError as error:
            piece, failed = None, error
        if piece is None:
            waiting.remove(kind)
            continue
        with lock:
            kind.begun += 1
            kind.at_work += 1
        yield _counted(piece, kind, lock)
    if failed is not None:
        raise failed


def _counted(piece: Piece, kind: _Kind, lock: threading.Lock) -> Piece:
    def work() -> None:
        try:
            piece()
        finally:
            with lock:
                kind.at_work -= 1

    return work
