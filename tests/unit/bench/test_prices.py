"""What a run would cost."""

import pytest

from bench.prices import cost
from sluice_local.observing import Usage


def test_each_service_is_billed_at_its_published_price() -> None:
    bill = cost(Usage(1000, 1_000_000, 3000.0, 1_000_000, 1_000_000, 1_000_000))
    assert bill.step_functions == pytest.approx(0.025)
    assert bill.functions == pytest.approx(0.20 + 0.04)
    assert bill.tables == pytest.approx(0.625 + 0.125)
    assert bill.queues == pytest.approx(3 * 0.40)
    assert bill.total == pytest.approx(0.025 + 0.24 + 0.75 + 1.2)


def test_what_nothing_was_used_for_costs_nothing() -> None:
    assert cost(Usage()).per_thousand(10) == 0
