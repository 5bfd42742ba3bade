"""Compute environments and job queues."""

from typing import Any

import pytest

from sluice_local.batch.model import RequestRefusedError, Scope
from sluice_local.batch.queues import Queues
from tests.unit.local_batch.building import SCOPE


@pytest.fixture
def queues() -> Queues:
    queues = Queues()
    queues.create_environment({"computeEnvironmentName": "spot", "type": "UNMANAGED"}, SCOPE)
    return queues


def create(queues: Queues, name: str, **request: Any) -> str:
    order = [{"order": 1, "computeEnvironment": "spot"}]
    asked = {"jobQueueName": name, "priority": 1, "computeEnvironmentOrder": order, **request}
    return str(queues.create_queue(asked, SCOPE)["jobQueueArn"])


def test_a_queue_is_found_by_name_and_by_arn_in_its_own_region_only(queues: Queues) -> None:
    arn = create(queues, "q")
    assert arn == "arn:aws:batch:us-east-1:000000000000:job-queue/q"
    assert queues.queue_to_submit_to("q", SCOPE) == queues.queue_to_submit_to(arn, SCOPE) == arn
    with pytest.raises(RequestRefusedError, match="no job-queue 'q'"):
        queues.find_queue("q", Scope("000000000000", "eu-west-1"))


def test_a_queue_names_its_compute_environments_by_arn(queues: Queues) -> None:
    create(queues, "q")
    shown = queues.describe_queues(["q", "unknown"], SCOPE)
    assert [queue["computeEnvironmentOrder"] for queue in shown] == [
        [{"order": 1, "computeEnvironment": SCOPE.arn("compute-environment/spot")}]
    ]


def test_queues_are_served_by_priority_then_by_age(queues: Queues) -> None:
    low, high, next_high = (
        create(queues, "a"),
        create(queues, "b", priority=9),
        create(queues, "c", priority=9),
    )
    assert queues.serving_order() == [high, next_high, low]


def test_a_disabled_queue_takes_no_jobs_but_serves_those_it_has(queues: Queues) -> None:
    arn = create(queues, "q")
    queues.update_queue({"jobQueue": "q", "state": "DISABLED"}, SCOPE)
    assert queues.serving_order() == [arn]
    with pytest.raises(RequestRefusedError, match="DISABLED"):
        queues.queue_to_submit_to("q", SCOPE)


def test_a_queue_without_an_enabled_compute_environment_is_not_served(queues: Queues) -> None:
    create(queues, "q")
    queues.update_environment({"computeEnvironment": "spot", "state": "DISABLED"}, SCOPE)
    assert queues.serving_order() == []


def test_compute_resources_are_changed_one_by_one(queues: Queues) -> None:
    for resources in ({"maxvCpus": 4, "type": "FARGATE"}, {"maxvCpus": 8}):
        queues.update_environment({"computeEnvironment": "spot", "computeResources": resources}, SCOPE)
    (shown,) = queues.describe_environments([], SCOPE)
    assert shown["computeResources"] == {"maxvCpus": 8, "type": "FARGATE"}


def test_only_what_is_disabled_and_unused_is_deleted(queues: Queues) -> None:
    create(queues, "q")
    with pytest.raises(RequestRefusedError, match="disable it"):
        queues.delete_queue({"jobQueue": "q"}, SCOPE)
    queues.update_environment({"computeEnvironment": "spot", "state": "DISABLED"}, SCOPE)
    with pytest.raises(RequestRefusedError, match="used by the job queues q"):
        queues.delete_environment({"computeEnvironment": "spot"}, SCOPE)
    queues.update_queue({"jobQueue": "q", "state": "DISABLED"}, SCOPE)
    queues.delete_queue({"jobQueue": "q"}, SCOPE)
    queues.delete_environment({"computeEnvironment": "spot"}, SCOPE)
    assert queues.describe_queues([], SCOPE) == queues.describe_environments([], SCOPE) == []


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"jobQueueName": "a b"}, "not valid"),
        ({"priority": None}, "give an integer"),
        ({"state": "PAUSED"}, "ENABLED or DISABLED"),
        ({"computeEnvironmentOrder": []}, "give 1 to 3"),
        ({"computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "none"}]}, "no compute-environment"),
        ({"jobQueueName": "taken"}, "already exists"),
    ],
)
def test_a_queue_that_batch_would_not_make_is_refused(
    queues: Queues, request_: dict[str, Any], message: str
) -> None:
    create(queues, "taken")
    with pytest.raises(RequestRefusedError, match=message):
        create(queues, "q", **request_)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"type": "MANAGED"}, "computeResources is missing"),
        (
            {
                "type": "MANAGED",
                "computeResources": {"type": "FARGATE_SPOT", "minvCpus": 0, "instanceTypes": []},
            },
            "has minvCpus, instanceTypes, which Fargate does not support",
        ),
    ],
)
def test_a_compute_environment_that_batch_would_not_make_is_refused(
    queues: Queues, request_: dict[str, Any], message: str
) -> None:
    with pytest.raises(RequestRefusedError, match=message):
        queues.create_environment({"computeEnvironmentName": "other", **request_}, SCOPE)
