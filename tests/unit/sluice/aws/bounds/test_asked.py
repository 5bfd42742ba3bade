"""A task's intent waits for bounds, so that they are asked for once, by one thread, and never for long."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from sluice.aws.bounds.asked import AGAIN_SECONDS, AskedBounds
from sluice.errors import ServiceError, UnclearError
from tests.support.fakes import FakeClock


@dataclass(kw_only=True)
class Bounds(AskedBounds):
    """One name is within bounds, unless the service fails."""

    error: ServiceError | None = None
    reads: list[int] = field(default_factory=list)

    def has(self, name: str, known: tuple[str, ...]) -> bool:
        return name in known

    def read(self) -> tuple[str, ...]:
        self.reads.append(self.clock.now_us())
        if self.error:
            raise self.error
        return ("ours",)


@dataclass(kw_only=True)
class MeetingBounds(Bounds):
    """Who reads waits a little for another who does."""

    meeting: threading.Barrier = field(default_factory=lambda: threading.Barrier(2))

    def read(self) -> tuple[str, ...]:
        with suppress(threading.BrokenBarrierError):
            self.meeting.wait(timeout=0.3)
        return super().read()


def test_of_many_threads_one_asks() -> None:
    bounds = MeetingBounds(FakeClock())
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(bounds.instead_of, ["ours", "theirs"] * 4))
    assert said == [(), ("ours",)] * 4
    assert len(bounds.reads) == 1


def test_that_nobody_could_say_is_remembered_for_a_while() -> None:
    bounds = Bounds(FakeClock(), error=UnclearError("no answer"))
    assert [bounds.instead_of("theirs") for _ in range(5)] == [()] * 5
    assert len(bounds.reads) == 1
    bounds.error = None
    bounds.clock.sleep(AGAIN_SECONDS)
    assert bounds.instead_of("theirs") == ("ours",)


def test_what_was_known_before_an_outage_refuses_nothing_meanwhile() -> None:
    bounds = Bounds(FakeClock())
    assert bounds.instead_of("theirs") == ("ours",)
    bounds.error = UnclearError("no answer")
    bounds.clock.sleep(AGAIN_SECONDS)
    assert [bounds.instead_of(name) for name in ("theirs", "theirs", "ours")] == [(), (), ()]
