"""How much memory each group of processes holds, read from Linux's /proc.

Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20


def group_memory_mib(proc: Path = PROC) -> dict[int, float]:
    """Sum the memory of the processes of each process group, in MiB; empty where there is no /proc.

    Pages that processes share, such as a fork's, count once for every one of them.
    """
    memory: defaultdict[int, float] = defaultdict(float)
    for group, resident_pages in _processes(proc):
        memory[group] += resident_pages * _PAGE_MIB
    return dict(memory)


def _processes(proc: Path) -> Iterator[tuple[int, int]]:
    if not proc.is_dir():
        return
    for process in proc.iterdir():
        if process.name.isdigit():
            try:
                stat = (process / "stat").read_text()
            except OSError:
                continue  # it ended while we looked
            # the program's name stands in parentheses and may hold anything, so count from the last one
            fields = stat.rpartition(")")[2].split()
            yield int(fields[2]), int(fields[21])
