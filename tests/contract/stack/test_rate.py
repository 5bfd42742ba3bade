"""The shared rate, seen from Batch's side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sluice_local.quotas import Quota
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.contract.building import Machines
from tests.contract.stack.stack import Stack, deployed

if TYPE_CHECKING:
    from collections.abc import Iterator

TASKS = 60


@pytest.fixture(params=[(20, 20), (20, 8)], ids=["at the quota", "above the quota"])
def pressed(request: pytest.FixtureRequest) -> Iterator[tuple[Stack, float, float]]:
    """A stack whose rate is the quota of SubmitJob, or more than twice as much."""
    rate, quota = request.param
    quotas = {"Batch.SubmitJob": Quota(bucket_size=quota, refill_per_second=quota)}
    with LocalAws(LocalSettings(activity_poll_seconds=1, quotas=quotas)) as aws:
        yield deployed(aws, SubmitRatePerSecond=str(rate), SubmitBurst="5"), rate, quota


def test_a_cohort_is_submitted_whole_and_throttled_only_above_the_quota(
    pressed: tuple[Stack, float, float], unique: str
) -> None:
    stack, rate, quota = pressed
    machines = Machines(stack.states, unique)
    machine = stack.machine(machines, stack.job("ok", stack.job_definition("true", "true")))
    started = [machines.start(machine) for _ in range(TASKS)]
    assert [machines.ended(each)["status"] for each in started] == ["SUCCEEDED"] * TASKS
    calls: dict[str, Any] = stack.aws.page("calls")["calls"]
    submitted = calls["Batch.SubmitJob"]
    assert submitted["count"] - submitted["throttled"] == TASKS
    assert (submitted["throttled"] == 0) == (rate <= quota)
    assert "Batch.DescribeJobs" not in calls
    # the shared rate learnt what the quota is
    item = stack.aws.client("dynamodb").get_item(
        TableName=stack.outputs["RateTableName"], Key={"name": {"S": "SubmitJob"}}
    )["Item"]
    assert (float(item["ratePerSecond"]["N"]) < rate) == (rate > quota), json.dumps(item)
