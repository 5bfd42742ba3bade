"""Which of AWS's services give metrics, and when."""

from __future__ import annotations

import pytest

from sluice_local.alarms.service_metrics import functions_running
from sluice_local.engine.monitoring.service_metrics import (
    QueuesInUse,
    RunningFunctions,
    seconds_to_next_look,
)

HOUR = 3600.0


@pytest.mark.parametrize(
    ("now", "every", "seconds"), [(0, 60, 5), (5, 60, 60), (64.5, 60, 0.5), (65, 60, 60), (0.1, 0.25, 0.15)]
)
def test_looks_come_at_the_fifth_second_of_each_minute(now: float, every: float, seconds: float) -> None:
    assert seconds_to_next_look(now, every) == pytest.approx(seconds)


def test_a_queue_tells_of_itself_for_six_hours_after_its_last_message() -> None:
    queues = QueuesInUse()
    assert not queues.is_in_use("dead", 0, 0.0)
    assert queues.is_in_use("dead", 1, HOUR)
    assert queues.is_in_use("dead", 0, 7 * HOUR - 1)
    assert not queues.is_in_use("dead", 0, 7 * HOUR)
    assert not queues.is_in_use("other", 0, HOUR)


def test_functions_are_counted_while_they_run() -> None:
    running = RunningFunctions()
    with running.counted("submit", 1.0) as first, running.counted("submit", 2.0) as second:
        assert first == functions_running("submit", 1.0, 1)
        assert second == functions_running("submit", 2.0, 2)
        assert running.report(3.0) == [functions_running("submit", 3.0, 2)]
    assert running.report(4.0) == []


def test_a_function_that_fails_runs_no_more() -> None:
    running = RunningFunctions()
    with pytest.raises(RuntimeError), running.counted("submit", 1.0):
        raise RuntimeError
    assert running.report(2.0) == []
