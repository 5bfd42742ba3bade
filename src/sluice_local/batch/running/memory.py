"""How much memory each group of processes holds, read from Linux's /proc.

Sources: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html and
https://docs.kernel.org/filesystems/proc.html (smaps_rollup)
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20
_PROPORTIONAL_KIB = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def group_memory_mib(proc: Path = PROC) -> dict[int, float]:
    """Sum the resident memory of the processes of each process group, in MiB; empty where there is no /proc.

    It is quick, and never too little: pages that processes share, as after a fork, count for every one.
    """
    memory: defaultdict[int, float] = defaultdict(float)
    for _, group, resident_pages in _processes(proc):
        memory[group] += resident_pages * _PAGE_MIB
    return dict(memory)


def proportional_memory_mib(group: int, proc: Path = PROC) -> float:
    """Sum the memory of one process group in MiB, with shared pages counted once; some ms a process."""
    members = [process for process, its_group, _ in _processes(proc) if its_group == group]
    return sum(_proportional_mib(process) for process in members)


def _processes(proc: Path) -> Iterator[tuple[Path, int, int]]:
    """Yield each process's folder, its process group and its resident pages."""
    if not proc.is_dir():
        return
    for process in proc.iterdir():
        stat = _read(process / "stat") if process.name.isdigit() else ""
        if stat:
            # the program's name stands in parentheses and may hold anything, so count from the last one
            fields = stat.rpartition(")")[2].split()
            yield process, int(fields[2]), int(fields[21])


def _proportional_mib(process: Path) -> float:
    found = _PROPORTIONAL_KIB.search(_read(process / "smaps_rollup"))
    return int(found[1]) / 1024 if found else 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""  # the process has ended while we looked
