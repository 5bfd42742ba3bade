"""Several threads that share one line of work."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Item = TypeVar("Item")


@dataclass(frozen=True)
class ThreadWorkers:
    """So many threads; implements ports.Workers."""

    threads: int

    def each(self, items: Iterator[Item], act: Callable[[Item], None]) -> None:
        """Acts on every item, each thread on the next one as soon as it is free; returns when all are done.

        The items are drawn by one thread at a time. A thread that meets an error ends; the others go on,
        and the error is raised at the end.
        """
        lock = threading.Lock()

        def draw() -> Item | None:
            with lock:
                return next(items, None)

        def work() -> None:
            while (item := draw()) is not None:
                act(item)

        with ThreadPoolExecutor(self.threads, thread_name_prefix="worker") as pool:
            for worker in [pool.submit(work) for _ in range(self.threads)]:
                worker.result()
