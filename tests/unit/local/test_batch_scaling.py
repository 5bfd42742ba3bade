"""How an event source mapping of a queue grows."""

from sluice_local.engine.functions.batch_scaling import BatchScaling


def test_a_mapping_begins_with_five_batches_and_takes_five_more_a_second() -> None:
    scaling = BatchScaling()
    at = [
        scaling.batches("m", in_hand, limit=1000, now=now)
        for in_hand, now in ((0, 10.0), (5, 10.9), (9, 12.0))
    ]
    assert at == [5, 9, 15]


def test_it_never_takes_more_than_its_limit() -> None:
    scaling = BatchScaling()
    assert scaling.batches("m", 0, limit=2, now=0.0) == 2
    assert scaling.batches("m", 2, limit=10, now=60.0) == 10


def test_after_a_pause_it_begins_again() -> None:
    scaling = BatchScaling()
    scaling.batches("m", 0, limit=100, now=0.0)
    assert scaling.batches("m", 5, limit=100, now=10.0) == 55
    assert scaling.batches("m", 0, limit=100, now=20.0) == 5


def test_mappings_grow_on_their_own() -> None:
    scaling = BatchScaling()
    scaling.batches("m", 0, limit=100, now=0.0)
    assert scaling.batches("other", 3, limit=100, now=10.0) == 5
