"""Memory from /proc."""

import os
from pathlib import Path

import pytest

from sluice_local.batch.running.memory import group_memory_mib, proportional_memory_mib

PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    for pid, group, pages in ((10, 7, 256), (11, 7, 512), (12, 8, 1)):
        folder = tmp_path / str(pid)
        folder.mkdir()
        rest = " ".join("0" for _ in range(18))
        (folder / "stat").write_text(f"{pid} (a) name)) S 1 {group} {rest} {pages} 0 0\n")
        (folder / "smaps_rollup").write_text("Rss: 9999 kB\nPss:    1024 kB\nPss_Dirty: 5 kB\n")
    (tmp_path / "13").mkdir()  # it ended while we looked
    (tmp_path / "meminfo").write_text("MemTotal: 1 kB")
    return tmp_path


def test_the_resident_pages_of_a_group_are_summed_whatever_a_program_is_called(proc: Path) -> None:
    assert group_memory_mib(proc) == {7: 768 * PAGE / 2**20, 8: PAGE / 2**20}


def test_shared_pages_count_once_in_the_proportional_sum(proc: Path) -> None:
    assert proportional_memory_mib(7, proc) == 2


def test_without_proc_nothing_is_known(tmp_path: Path) -> None:
    assert group_memory_mib(tmp_path / "none") == {}
