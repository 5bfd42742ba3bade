from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sluice.limiter import GRACE_US, Limiter
from sluice.rate import Limit, Reservation
from tests.fakes import FakeClock, MemoryRateStore


def test_threads_of_several_pollers_together_reserve_no_more_than_the_rate() -> None:
    clock, store, limit = FakeClock(), MemoryRateStore(), Limit(50, burst=5)
    pollers = [Limiter("SubmitJob", limit=limit, store=store, clock=clock) for _ in range(3)]
    started_us = clock.now_us()
    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(lambda index: pollers[index % 3].wait(), range(600)))
    # slots are taken in blocks, so that a few may be left over at the end
    assert store.states["SubmitJob"].arrival_us - started_us >= (600 - limit.burst) * 20_000


def test_nobody_returns_before_the_slot_is_due() -> None:
    clock, limit = FakeClock(), Limit(50, burst=5)
    limiter = Limiter("SubmitJob", limit=limit, store=MemoryRateStore(), clock=clock)
    started_us, returned_us = clock.now_us(), []
    for _ in range(50):
        assert limiter.wait()
        returned_us.append(clock.now_us() - started_us)
    assert returned_us == [max(0, index - 4) * 20_000 for index in range(50)]


def test_one_thread_alone_reserves_one_slot_at_a_time() -> None:
    clock, store = FakeClock(), MemoryRateStore()
    limiter = Limiter("SubmitJob", limit=Limit(50, burst=1), store=store, clock=clock)
    for _ in range(10):
        assert limiter.wait()
    assert store.writes == 10


def test_a_slot_that_was_left_over_too_long_is_thrown_away() -> None:
    @dataclass
    class ThreeAtOnce(MemoryRateStore):
        """Gives three slots whatever is asked, as if two threads had gone since they asked."""

        given: list[int] = field(default_factory=list)

        def reserve(self, api: str, slots: int, *, limit: Limit, now_us: int) -> Reservation:
            taken = super().reserve(api, 3 * slots, limit=limit, now_us=now_us)
            self.given += taken.due_us
            return taken

    clock, store = FakeClock(), ThreeAtOnce()
    limiter = Limiter("SubmitJob", limit=Limit(50, burst=1), store=store, clock=clock)
    assert limiter.wait()
    clock.sleep(2 * GRACE_US / 1_000_000)
    assert limiter.wait()
    assert store.writes == 2
    assert limiter.wait()
    assert store.writes == 2


def test_who_has_no_time_to_wait_is_told() -> None:
    clock = FakeClock()
    limiter = Limiter("SubmitJob", limit=Limit(1, burst=1), store=MemoryRateStore(), clock=clock)
    assert limiter.wait(until_us=clock.now_us())
    assert not limiter.wait(until_us=clock.now_us() + 500_000)
    assert limiter.wait(until_us=clock.now_us() + 5_000_000)
