from __future__ import annotations

import heapq
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from sluice.errors import ThrottledError
from sluice.rate.gcra import AHEAD_SECONDS, MICROSECONDS, Limit, Reservation
from sluice.rate.limiter import MAX_AHEAD_US, Limiter
from tests.support.fakes import FakeClock, MemoryRateStore

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_threads_of_several_pollers_together_reserve_no_more_than_the_rate() -> None:
    clock, store, limit = FakeClock(), MemoryRateStore(), Limit(50, burst=5)
    pollers = [Limiter("SubmitJob", limit=limit, store=store, clock=clock) for _ in range(3)]
    started_us = clock.now_us()
    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(lambda index: pollers[index % 3].wait(), range(600)))
    # slots are taken in blocks, so that a few may be left over at the end
    assert store.states["SubmitJob"].arrival_us - started_us >= (600 - limit.at_once) * 20_000


def test_nobody_returns_before_the_slot_is_due() -> None:
    clock, limit = FakeClock(), Limit(50, burst=5)
    limiter = Limiter("SubmitJob", limit=limit, store=MemoryRateStore(), clock=clock)
    started_us, returned_us = clock.now_us(), []
    for _ in range(50):
        assert limiter.wait()
        returned_us.append(clock.now_us() - started_us)
    assert returned_us == [max(0, index - 2) * 20_000 for index in range(50)]


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

        def reserve(
            self, api: str, slots: int, *, limit: Limit, now_us: int, until_us: int | None = None
        ) -> Reservation | None:
            taken = super().reserve(api, 3 * slots, limit=limit, now_us=now_us, until_us=until_us)
            self.given += taken.due_us if taken else ()
            return taken

    clock, store = FakeClock(), ThreeAtOnce()
    limiter = Limiter("SubmitJob", limit=Limit(50, burst=1), store=store, clock=clock)
    assert limiter.wait()
    clock.sleep(1)
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


def test_a_caller_that_was_held_up_gives_its_slot_up_and_takes_another() -> None:
    class HeldUp(FakeClock):
        """The thread's first sleep lasts a second longer than it should."""

        held_up = False

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds if self.held_up else seconds + 1)
            self.held_up = True

    clock, store, limit = HeldUp(), MemoryRateStore(), Limit(50)
    limiter = Limiter("SubmitJob", limit=limit, store=store, clock=clock)
    assert limiter.wait()
    assert store.writes == 2


@pytest.mark.parametrize(("write_ms", "writes"), [(5, 1), (99, 1), (101, 2), (900, 2)])
def test_slots_that_a_slow_write_brings_too_late_are_asked_for_ahead_of_time(
    write_ms: int, writes: int
) -> None:
    @dataclass
    class Slow(MemoryRateStore):
        """Every write takes its time before the answer is there."""

        def reserve(
            self, api: str, slots: int, *, limit: Limit, now_us: int, until_us: int | None = None
        ) -> Reservation | None:
            taken = super().reserve(api, slots, limit=limit, now_us=now_us, until_us=until_us)
            clock.sleep(write_ms / 1000)
            return taken

    clock, limit = FakeClock(), Limit(50)
    assert limit.spare_us == 100_000
    store = Slow()
    limiter = Limiter("SubmitJob", limit=limit, store=store, clock=clock)
    assert limiter.wait()
    assert store.writes == writes


def test_one_write_that_took_for_ever_keeps_the_others_waiting_for_a_second_only() -> None:
    @dataclass
    class Stuck(MemoryRateStore):
        """The first write takes a minute."""

        def reserve(
            self, api: str, slots: int, *, limit: Limit, now_us: int, until_us: int | None = None
        ) -> Reservation | None:
            taken = super().reserve(api, slots, limit=limit, now_us=now_us, until_us=until_us)
            clock.sleep(60 if self.writes == 1 else 0)
            return taken

    clock, store, limit = FakeClock(), Stuck(), Limit(50)
    started_us = clock.now_us()
    assert Limiter("SubmitJob", limit=limit, store=store, clock=clock).wait()
    arrival_us = store.states["SubmitJob"].arrival_us
    assert arrival_us - started_us <= 60_000_000 + MAX_AHEAD_US


def test_a_slot_that_nobody_has_time_for_stays_for_those_who_have() -> None:
    clock, store = FakeClock(), MemoryRateStore()
    limiter = Limiter("TerminateJob", limit=Limit(1, burst=1), store=store, clock=clock)
    assert limiter.wait()
    arrival_us = store.states["TerminateJob"].arrival_us
    for _ in range(100):
        assert not limiter.wait(until_us=clock.now_us() + 500_000)
    assert store.states["TerminateJob"].arrival_us == arrival_us
    assert limiter.wait(until_us=clock.now_us() + 1_000_000)


def test_a_clock_that_is_hours_ahead_keeps_nobody_waiting() -> None:
    store, limit = MemoryRateStore(), Limit(50)
    clock, ahead = FakeClock(), FakeClock()
    ahead.sleep(3 * 3600)
    started_us = clock.now_us()
    assert Limiter("SubmitJob", limit=limit, store=store, clock=ahead).wait()
    assert Limiter("SubmitJob", limit=limit, store=store, clock=clock).wait()
    assert clock.now_us() == started_us


def test_a_clock_that_is_a_little_ahead_makes_others_wait_and_is_not_passed_over() -> None:
    store, limit = MemoryRateStore(), Limit(50)
    clock, ahead = FakeClock(), FakeClock()
    ahead.sleep(AHEAD_SECONDS + 10)
    started_us = clock.now_us()
    assert Limiter("SubmitJob", limit=limit, store=store, clock=ahead).wait()
    assert Limiter("SubmitJob", limit=limit, store=store, clock=clock).wait()
    assert AHEAD_SECONDS < (clock.now_us() - started_us) / MICROSECONDS <= AHEAD_SECONDS + 10


class Turns(FakeClock):
    """Time in which threads take turns: who sleeps until the earliest moment goes on first."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self._running, self._sleepers = threads, list[tuple[int, int]]()
        self._changed = threading.Condition()

    def sleep(self, seconds: float) -> None:
        with self._changed:
            mine = (self.now_us() + max(0, round(seconds * MICROSECONDS)), threading.get_ident())
            heapq.heappush(self._sleepers, mine)
            self._running -= 1
            self._go_on()
            self._changed.wait_for(lambda: mine not in self._sleepers)

    def leave(self) -> None:
        """A thread ends."""
        with self._changed:
            self._running -= 1
            self._go_on()

    def _go_on(self) -> None:
        if not self._running and self._sleepers:
            self._now_us = max(self._now_us, heapq.heappop(self._sleepers)[0])
            self._running += 1
            self._changed.notify_all()


def shares(threads: Sequence[int], pollers: Sequence[int], seconds: int = 60) -> tuple[list[int], float]:
    """Lets processes with so many threads want slot after slot; returns what each got, and of the rate."""
    clock, store, limit = Turns(sum(threads)), MemoryRateStore(), Limit(50)
    until_us = clock.now_us() + seconds * MICROSECONDS

    def want(limiter: Limiter) -> int:
        got = 0
        while limiter.wait(until_us):
            got += 1
            clock.sleep(0.05)  # SubmitJob
        clock.leave()
        return got

    with ThreadPoolExecutor(sum(threads)) as pool:
        limiters = [
            Limiter("SubmitJob", limit=replace(limit, processes=count), store=store, clock=clock)
            for count in pollers
        ]
        runs = [
            [pool.submit(want, limiter) for _ in range(count)]
            for limiter, count in zip(limiters, threads, strict=True)
        ]
        got = [sum(run.result() for run in each) for each in runs]
    return got, sum(got) / seconds / limit.rate_per_second


def test_whoever_wants_slots_gets_as_many_however_many_threads_others_have() -> None:
    got, used = shares(threads=[32, 12], pollers=[1, 1])
    assert max(got) < 1.05 * min(got)
    assert used > 0.99


def test_the_pollers_of_a_stack_get_as_much_as_another_stacks_one() -> None:
    got, used = shares(threads=[12, 12, 32], pollers=[2, 2, 1])
    assert sum(got[:2]) == pytest.approx(got[2], rel=0.05)
    assert used > 0.99


def test_one_process_alone_has_the_whole_rate() -> None:
    _, used = shares(threads=[32], pollers=[1])
    assert used > 0.99


class Broken(MemoryRateStore):
    """A rate table that is throttled itself."""

    def reserve(
        self, api: str, slots: int, *, limit: Limit, now_us: int, until_us: int | None = None
    ) -> Reservation | None:
        self.writes += 1
        raise ThrottledError(f"{api}: {slots} {limit} {now_us} {until_us}")

    def back_off(self, api: str, *, limit: Limit, now_us: int) -> None:
        raise ThrottledError(f"{api}: {limit} {now_us}")


def test_a_rate_table_that_fails_stops_no_heartbeat() -> None:
    clock, store, limit = FakeClock(), Broken(), Limit(50)
    limiter = Limiter("SendTaskHeartbeat", limit=limit, store=store, clock=clock, goes_on_alone=True)
    started_us, times_us = clock.now_us(), []
    for _ in range(500):
        assert limiter.wait()
        times_us.append(clock.now_us() - started_us)
    # at the rate, by itself, and the table is asked again now and then
    assert times_us[-1] == (500 - limit.at_once) * 20_000
    assert store.writes == 1
    clock.sleep(60)
    assert limiter.wait()
    assert store.writes == 2
    limiter.back_off()


def test_no_job_is_submitted_without_the_rate_table() -> None:
    limiter = Limiter("SubmitJob", limit=Limit(50), store=Broken(), clock=FakeClock())
    with pytest.raises(ThrottledError):
        limiter.wait()
    with pytest.raises(ThrottledError):
        limiter.back_off()
