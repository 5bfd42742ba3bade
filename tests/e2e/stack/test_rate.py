"""The shared rate, seen from Batch's side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sluice_local.quotas import Quota
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.stack.stack import Stack, deployed
from tests.support.building import Machines

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Pressed:
    """A stack that submits at `rate_per_second` to a Batch that allows `quota_per_second`."""

    stack: Stack
    tasks: int
    rate_per_second: int
    quota_per_second: int


@pytest.fixture(params=[(60, 20, 20), (12, 20, 1)], ids=["at the quota", "above the quota"])
def pressed(request: pytest.FixtureRequest) -> Iterator[Pressed]:
    tasks, rate, quota = request.param
    # with one token in the bucket, of the first three at once all but one are refused on any machine
    quotas = {"Batch.SubmitJob": Quota(bucket_size=quota, refill_per_second=quota)}
    with LocalAws(LocalSettings(activity_poll_seconds=1, quotas=quotas)) as aws:
        stack = deployed(aws, SubmitRatePerSecond=str(rate), SubmitBurst="5")
        yield Pressed(stack, tasks, rate, quota)


def test_a_cohort_is_submitted_whole_and_throttled_only_above_the_quota(
    pressed: Pressed, unique: str
) -> None:
    stack, above = pressed.stack, pressed.rate_per_second > pressed.quota_per_second
    machines = Machines(stack.states, unique)
    machine = stack.machine(machines, stack.job("ok", stack.job_definition("true", "true")))
    started = [machines.start(machine) for _ in range(pressed.tasks)]
    ended = [machines.ended(each, within_seconds=60) for each in started]
    assert [each["status"] for each in ended] == ["SUCCEEDED"] * pressed.tasks
    calls: dict[str, Any] = stack.aws.page("calls")["calls"]
    submitted = calls["Batch.SubmitJob"]
    assert submitted["count"] - submitted["throttled"] == pressed.tasks
    assert (submitted["throttled"] > 0) == above
    assert "Batch.DescribeJobs" not in calls
    # the shared rate learnt what the quota is
    item = stack.aws.client("dynamodb").get_item(
        TableName=stack.physical("RateTable"), Key={"name": {"S": "SubmitJob"}}
    )["Item"]
    assert (float(item["ratePerSecond"]["N"]) < pressed.rate_per_second) == above
