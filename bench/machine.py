"""The machine that a run is measured on, and how idle it was."""

import os
import platform
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

SAMPLE_SECONDS = 0.5
_STAT = Path("/proc/stat")
_MEMORY = Path("/proc/meminfo")


@dataclass(frozen=True)
class CpuSample:
    """The processors' clock ticks so far: those free, and all. Time is seconds since the epoch."""

    at_s: float
    idle: int
    total: int


def read_cpu(stat: str, at_s: float) -> CpuSample:
    """Read the first line of /proc/stat.

    Waiting for a disk counts as idle, and so does other people's work at low priority (`nice`), which gives
    way to a run's; a virtual machine's stolen time counts as busy.
    Source: https://docs.kernel.org/filesystems/proc.html#miscellaneous-kernel-statistics-in-proc-stat
    """
    user, nice, system, idle, iowait, irq, softirq, steal = (
        int(word) for word in stat.partition("\n")[0].split()[1:9]
    )
    free = idle + iowait + nice
    return CpuSample(at_s, free, user + system + free + irq + softirq + steal)


def idle_share(samples: Sequence[CpuSample], begin_s: float, end_s: float) -> float | None:
    """Compute which share of all processors' time was idle in an interval; None if too little was seen."""
    within = [sample for sample in samples if begin_s <= sample.at_s <= end_s]
    if len(within) < 2 or within[-1].total == within[0].total:
        return None
    return (within[-1].idle - within[0].idle) / (within[-1].total - within[0].total)


class CpuSampler:
    """Takes a sample twice a second inside a `with` block, on a thread of its own.

    Attributes:
        samples: taken so far.
    """

    def __init__(self) -> None:
        self.samples: list[CpuSample] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="cpu-sampler", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self.samples.append(read_cpu(_STAT.read_text(), time.time()))
            if self._over.wait(SAMPLE_SECONDS):
                return


def describe_machine() -> dict[str, str | int]:
    """Say what a reader must know of this machine."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": os.cpu_count() or 1,
        "memoryMib": memory_mib(_MEMORY.read_text()),
        "python": platform.python_version(),
    }


def memory_mib(meminfo: str) -> int:
    """Read the machine's memory from /proc/meminfo."""
    (line,) = (line for line in meminfo.splitlines() if line.startswith("MemTotal:"))
    return int(line.split()[1]) // 1024
