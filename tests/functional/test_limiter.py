from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.fakes import FakeClock, MemoryRateStore

from sluice.limiter import Limiter
from sluice.rate import Limit


def test_threads_of_several_pollers_together_keep_to_the_rate() -> None:
    clock, store, limit = FakeClock(), MemoryRateStore(), Limit(50, burst=5)
    pollers = [Limiter("SubmitJob", limit=limit, store=store, clock=clock) for _ in range(3)]
    started_us = clock.now_us()
    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(lambda index: pollers[index % 3].wait(), range(600)))
    # slots are taken in blocks, so that a few may be left over at the end
    assert store.states["SubmitJob"].arrival_us - started_us >= (600 - limit.burst) * 20_000


def test_one_thread_alone_reserves_one_slot_at_a_time() -> None:
    clock, store = FakeClock(), MemoryRateStore()
    limiter = Limiter("SubmitJob", limit=Limit(50, burst=1), store=store, clock=clock)
    started_us = clock.now_us()
    for _ in range(10):
        assert limiter.wait()
    assert store.writes == 10
    assert clock.now_us() - started_us == 9 * 20_000


def test_who_has_no_time_to_wait_is_told() -> None:
    clock = FakeClock()
    limiter = Limiter("SubmitJob", limit=Limit(1, burst=1), store=MemoryRateStore(), clock=clock)
    assert limiter.wait(until_us=clock.now_us())
    assert not limiter.wait(until_us=clock.now_us() + 500_000)
    assert limiter.wait(until_us=clock.now_us() + 5_000_000)
