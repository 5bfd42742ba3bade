"""The machine and its idle time."""

import pytest

from bench.machine import CpuSample, CpuSampler, idle_share, memory_mib, read_cpu
from tests.unit.bench.building import HANDED_OVER_S, cpu_samples


def test_waiting_for_a_disk_and_work_that_gives_way_are_idle_and_stolen_time_is_not() -> None:
    stat = "cpu  10 1 20 300 40 2 3 4 0 0\ncpu0 5 0 10 150 20 1 1 2 0 0\n"
    assert read_cpu(stat, 5.0) == CpuSample(5.0, 341, 380)


def test_the_idle_share_is_of_the_interval() -> None:
    samples = cpu_samples((0, 0), (90, 100), (100, 200), (110, 300))
    assert idle_share(samples, HANDED_OVER_S + 1, HANDED_OVER_S + 3) == pytest.approx(0.1)


def test_one_sample_tells_nothing() -> None:
    assert idle_share(cpu_samples((0, 0), (90, 100)), HANDED_OVER_S, HANDED_OVER_S + 0.5) is None


def test_memory_is_read_in_mib() -> None:
    assert memory_mib("MemTotal:        8131552 kB\nMemFree:  12 kB\n") == 7940


def test_a_sampler_has_samples_of_this_machine() -> None:
    with CpuSampler() as sampler:
        pass
    assert sampler.samples
