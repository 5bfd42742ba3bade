"""Runs `lowpass` commands beside the workflow: several at a time, each in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from sluice_local.errors import LocalError
from sluice_local.server import inherited_environment

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class LowpassRunError(LocalError):
    """Raised when a `lowpass` command fails; the message is the command's own."""


def run_lowpass(*arguments: str) -> None:
    """Run one `lowpass` command to its end.

    Raises:
        LowpassRunError: if it fails.
    """
    finished = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "lowpass", *arguments],
        env={**inherited_environment(os.environ), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # Ctrl-C is for this process to handle
    )
    if finished.returncode:
        raise LowpassRunError(finished.stderr.strip() or f"lowpass {arguments[0]}: {finished.returncode}")


def in_parallel(work: Callable[[Item], Outcome], items: Iterable[Item], *, workers: int) -> Iterator[Outcome]:
    """Yield what `work` returns for each item, as it comes; an error ends what has not begun."""
    pool = ThreadPoolExecutor(workers)
    try:
        for future in as_completed([pool.submit(work, item) for item in items]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)
