from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import pytest

from sluice.rate.gcra import Limit, Reservation
from sluice.rate.limiter import Limiter
from sluice_cli.aws.ports import Session
from sluice_cli.commands.on_call.reserve import Slots
from tests.functional.cli.fakes import (
    NOW_MS,
    OUTPUTS,
    RATE_TABLE,
    Clock,
    FakeApi,
    described_stack,
    run,
    stack_outputs,
)
from tests.support.fakes import FakeClock, MemoryRateStore

LIMIT = Limit(9.8, burst=5)


def stack_of(rates: MemoryRateStore | None = None) -> FakeApi:
    parameters = {"SubmitRatePerSecond": "49", "SubmitBurst": "10"}
    described = described_stack(
        Outputs=stack_outputs({**OUTPUTS, **RATE_TABLE}),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    return FakeApi({("cloudformation", "describe_stacks"): described}, rate_table=rates or MemoryRateStore())


def times_ms(lines: str) -> list[float]:
    return [datetime.fromisoformat(line.split()[-1]).timestamp() * 1000 for line in lines.splitlines()]


def test_each_line_is_a_call_that_may_be_made_at_the_rate() -> None:
    result = run(stack_of(), "reserve", "100")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "1 of 100 2026-11-23T12:00:00.000+00:00"
    assert lines[-1].startswith("100 of 100 2026-11-23T12:00:01.9")
    # half of the burst at once, the others a gap apart
    at = times_ms(result.stdout)
    assert [later - earlier for earlier, later in pairwise(at)][:4] == [0] * 4
    assert all(19 <= later - earlier <= 22 for earlier, later in pairwise(at[4:]))


def test_programs_get_a_json_document_a_line() -> None:
    (only,) = run(stack_of(), "reserve", "1", "--json").stdout.splitlines()
    assert json.loads(only) == {"slot": 1, "of": 1, "at": "2026-11-23T12:00:00.000+00:00"}


def test_a_line_is_printed_for_each_that_is_read() -> None:
    result = run(stack_of(), "reserve", "--on-request", stdin="\n" * 20)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "1 2026-11-23T12:00:00.000+00:00"
    assert len(times_ms(result.stdout)) == 20
    (only,) = run(stack_of(), "reserve", "--on-request", "--json", stdin="\n").stdout.splitlines()
    assert json.loads(only) == {"slot": 1, "at": "2026-11-23T12:00:00.000+00:00"}


def test_nothing_is_taken_until_it_is_asked_for() -> None:
    rates = MemoryRateStore()
    assert run(stack_of(rates), "reserve", "--on-request", stdin="").exit_code == 0
    assert not rates.states


@pytest.mark.parametrize("arguments", [(), ("5", "--on-request")])
def test_either_a_number_or_requests_say_how_many_calls(arguments: tuple[str, ...]) -> None:
    result = run(stack_of(), "reserve", *arguments)
    assert result.exit_code == 2
    assert "Give either N, the number of calls, or --on-request." in result.stderr


@dataclass
class BusyRates(MemoryRateStore):
    """A rate table of which others take some slots after each time that somebody else does."""

    others: int = 0
    taken: int = 0

    def reserve(
        self, api: str, slots: int, *, limit: Limit, now_us: int, until_us: int | None = None
    ) -> Reservation | None:
        found = super().reserve(api, slots, limit=limit, now_us=now_us, until_us=until_us)
        self.taken += slots
        if self.others:
            super().reserve(api, self.others, limit=limit, now_us=now_us)
        return found


def on_request(rates: MemoryRateStore, *pauses_seconds: float) -> list[float]:
    """When a client makes its calls that pauses before each of them, in seconds from the start."""
    clock = Clock()
    session = Session(
        connect=lambda _: FakeApi({}), now_ms=clock.now_ms, sleep=clock.sleep, execute=clock.execute
    )
    slots = Slots(rates, LIMIT, session)
    return [(at_ms - NOW_MS) / 1000 for at_ms in slots.on_request(map(clock.sleep, pauses_seconds))]


def test_who_asks_seldom_takes_no_more_slots_than_it_asks_for() -> None:
    rates = BusyRates()
    assert on_request(rates, 0, 10, 10, 10) == [0, 10, 20, 30]
    assert rates.taken == 4


@pytest.mark.parametrize("pause_seconds", [0, 0.1, 0.25])
def test_who_asks_often_gets_a_share_as_the_pollers_do(pause_seconds: float) -> None:
    rates = BusyRates(others=2 * LIMIT.block)
    calls = on_request(rates, *[pause_seconds] * 60)
    assert (calls[-1] - calls[10]) / 49 == pytest.approx(3 / LIMIT.rate_per_second, rel=0.1)
    assert rates.taken <= 60 + 2 * LIMIT.block


def test_who_comes_back_after_a_pause_makes_no_burst() -> None:
    calls = on_request(BusyRates(), *[0.05] * 10, 60, *[0] * 20)
    after = calls[10:]
    assert after[0] == pytest.approx(60, abs=2)
    assert all(
        count <= LIMIT.rate_per_second * (later - after[0]) + LIMIT.burst
        for count, later in enumerate(after, start=1)
    )


def test_what_is_reserved_the_stacks_pollers_do_not_use() -> None:
    rates, limit = MemoryRateStore(), Limit(49)
    run(stack_of(rates), "reserve", "98")
    clock = FakeClock(NOW_MS * 1000)
    assert Limiter("SubmitJob", limit=limit, store=rates, clock=clock).wait()
    assert 1_900_000 <= clock.now_us() - NOW_MS * 1000 <= 2_000_000


def test_a_command_runs_once_all_of_its_calls_may_be_made() -> None:
    clock, rates = Clock(), MemoryRateStore()
    run(stack_of(rates), "reserve", "10")  # somebody was there before
    arguments = ("reserve", "10", "--", "submit", "--all", "x")
    result = run(stack_of(rates), *arguments, clock=clock)
    assert clock.executed == ["submit", "--all", "x"]
    assert (result.exit_code, result.stdout) == (7, "")
    assert clock.slept_seconds == pytest.approx((5 + 10) / 49, abs=0.03)


def test_more_calls_at_once_than_the_burst_are_refused_with_the_way_out() -> None:
    clock = Clock()
    result = run(stack_of(), "reserve", "11", "--", "submit", clock=clock)
    assert (result.exit_code, clock.executed) == (2, [])
    assert "SubmitBurst allows 10" in result.stderr
    assert "a line for each call" in result.stderr


def test_a_stack_that_is_older_than_the_command_is_told_of() -> None:
    result = run(FakeApi({("cloudformation", "describe_stacks"): described_stack()}), "reserve", "1")
    assert result.exit_code == 3
    assert "has no output RateTableName: it is older than this command" in result.stderr


@pytest.mark.parametrize("number", ["0", "-3", "many"])
def test_a_number_that_is_none_is_wrong_usage(number: str) -> None:
    assert run(stack_of(), "reserve", number).exit_code == 2
