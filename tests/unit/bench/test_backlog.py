"""When a backlog existed, and how fast it was worked off."""

import pytest

from bench.backlog import Backlog, Waited, find_backlog, waits
from tests.unit.bench.building import HANDED_OVER_S, a_job


def steady(count: int, gap: float, *, ready: float = 0.0, first: float = 0.0) -> list[Waited]:
    """Make jobs that are ready together and submitted one after the other."""
    return [Waited(ready, first + number * gap) for number in range(count)]


def test_a_first_job_waits_from_the_hand_over_and_any_other_from_the_end_before_it() -> None:
    jobs = [a_job("s0000", 2.0, 2.1, 5.0), a_job("s0000", 5.5, 5.6, 8.0)]
    at = HANDED_OVER_S
    assert waits([jobs], at) == [Waited(at, at + 2.0), Waited(at + 5.0, at + 5.5)]


def test_a_job_after_one_that_never_stopped_waits_for_nobody_knows_what() -> None:
    jobs = [a_job("s0000", 2.0, 2.1, 5.0), a_job("s0000", 5.5, 5.6, 8.0)]
    endless = [jobs[0].__class__("s0000", "RUNNING", jobs[0].created_s, None, None), jobs[1]]
    assert len(waits([endless], HANDED_OVER_S)) == 1


def test_at_the_quota_the_rate_in_the_backlog_is_the_quota() -> None:
    backlog = find_backlog(steady(31, 0.1), 10)
    assert backlog.rate_per_second == pytest.approx(10.0)
    # until fewer than a second's worth wait: the last ten
    assert backlog.seconds == pytest.approx(2.1)


def test_the_time_before_the_first_submission_is_no_backlog() -> None:
    late = find_backlog(steady(31, 0.1, first=5.0), 10)
    assert late.seconds == pytest.approx(2.1)
    assert late.rate_per_second == pytest.approx(10.0)


def test_a_pause_while_work_waits_lowers_the_rate() -> None:
    # 20 in two seconds, nothing for two, then the rest
    first, rest = steady(20, 0.1), steady(20, 0.1, first=3.9)
    backlog = find_backlog([*first, *rest], 10)
    assert backlog.rate_per_second == pytest.approx(30 / 4.9)


def test_with_less_than_a_second_s_worth_waiting_there_is_no_backlog() -> None:
    assert find_backlog(steady(9, 0.1), 10) == Backlog((), 0)
    assert find_backlog([], 10).rate_per_second is None


def test_two_crowds_are_two_backlogs() -> None:
    backlog = find_backlog([*steady(20, 0.1), *steady(20, 0.1, ready=10.0, first=10.1)], 10)
    assert len(backlog.intervals) == 2
    assert backlog.intervals[1][0] == 10.0
