"""One limiter under eight processes, with the machine's own clock and Amazon's DynamoDB Local."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.limiter.figures import most_above_rate
from bench.limiter.process import Press, press_limiter
from sluice.rate.gcra import Limit
from sluice_local.deploy import create_table
from tests.contract.dynamodb_backends import TEMPLATE

if TYPE_CHECKING:
    from sluice_local.dynamodb_local import DynamoDbLocal


def test_eight_processes_together_never_exceed_the_rate(dynamodb_local: DynamoDbLocal, unique: str) -> None:
    table = create_table(dynamodb_local.client(), TEMPLATE, "RateTable", name=unique)
    limit = Limit(50, burst=10)
    press = Press(dynamodb_local.endpoint, table, limit, seconds=3, threads=4, storm=(2, 3))
    traces = press_limiter(press, 8)
    times = sorted(at_us for trace in traces for at_us in trace.times_us)
    assert most_above_rate(times, limit.rate_per_second) <= limit.burst
    assert len(times) > limit.burst
