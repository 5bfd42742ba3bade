"""A batching window holds messages back until it is over or the batch is full."""

from sluice_local.engine.functions.batch_windows import BatchWindows

MAPPING = {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 5}


def test_a_first_message_waits_for_the_whole_window_and_a_later_one_for_the_rest() -> None:
    windows = BatchWindows()
    waits = [windows.wait_seconds("q", 1, MAPPING, now) for now in (100.0, 103.0, 105.0)]
    assert waits == [5.0, 2.0, 0.0]


def test_a_full_batch_goes_at_once_and_the_next_message_opens_a_new_window() -> None:
    windows = BatchWindows()
    assert windows.wait_seconds("q", 1, MAPPING, 100.0) == 5.0
    assert windows.wait_seconds("q", 10, MAPPING, 101.0) == 0.0
    assert windows.wait_seconds("q", 1, MAPPING, 102.0) == 5.0


def test_a_mapping_without_a_window_takes_its_messages_at_once() -> None:
    assert BatchWindows().wait_seconds("q", 1, {}, 100.0) == 0.0


def test_each_queue_has_its_own_window() -> None:
    windows = BatchWindows()
    windows.wait_seconds("a", 1, MAPPING, 100.0)
    assert windows.wait_seconds("b", 1, MAPPING, 104.0) == 5.0
