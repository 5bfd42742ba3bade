"""Jobs that Batch refuses because of their job definition or their queue."""

from typing import Any

import pytest

from sluice_local.batch.model import RequestRefusedError
from sluice_local.batch.rules.submission import QueueFacts, check_submission
from tests.unit.local_batch.building import DEFINITION, QUEUE_ARN, REQUEST

FARGATE = {
    **DEFINITION,
    "platformCapabilities": ["FARGATE"],
    "containerProperties": {
        **DEFINITION["containerProperties"],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
    },
}
MULTINODE = {**DEFINITION, "containerProperties": None, "nodeProperties": {"numNodes": 2}}
EC2_QUEUE = QueueFacts(QUEUE_ARN)
FARGATE_QUEUE = QueueFacts(QUEUE_ARN, is_fargate=True)
FAIR_QUEUE = QueueFacts(QUEUE_ARN, is_fair=True)


def asking(*amounts: tuple[str, str]) -> dict[str, Any]:
    return {"containerOverrides": {"resourceRequirements": [{"type": t, "value": v} for t, v in amounts]}}


@pytest.mark.parametrize(
    ("extra", "definition", "queue"),
    [
        ({}, DEFINITION, FARGATE_QUEUE),
        (asking(("GPU", "1")), DEFINITION, EC2_QUEUE),
        (asking(("MEMORY", "8192")), FARGATE, FARGATE_QUEUE),
        (asking(("VCPU", "2"), ("MEMORY", "16384")), FARGATE, FARGATE_QUEUE),
        ({"shareIdentifier": "lab"}, DEFINITION, FAIR_QUEUE),
        ({"containerOverrides": {"memory": 512}}, DEFINITION, EC2_QUEUE),
    ],
)
def test_a_job_that_fits_is_taken(extra: Any, definition: Any, queue: QueueFacts) -> None:
    check_submission({**REQUEST, **extra}, definition, queue)


@pytest.mark.parametrize(
    ("extra", "definition", "queue", "message"),
    [
        (asking(("MEMORY", "5000")), FARGATE, FARGATE_QUEUE, "'5000' for VCPU 1; Fargate has 2048"),
        (asking(("VCPU", "4")), FARGATE, FARGATE_QUEUE, "MEMORY is '2048' for VCPU 4; Fargate has 8192"),
        (asking(("GPU", "1")), DEFINITION, FARGATE_QUEUE, "has GPU; the queue .* is on Fargate"),
        (asking(("GPU", "1")), FARGATE, FARGATE_QUEUE, "has GPU; Fargate has none"),
        ({"containerOverrides": {"memory": 512}}, FARGATE, FARGATE_QUEUE, "has memory, which Fargate"),
        ({"shareIdentifier": "lab"}, DEFINITION, EC2_QUEUE, "has no fair-share scheduling policy"),
        ({}, DEFINITION, FAIR_QUEUE, "shareIdentifier is missing"),
        ({"tags": {"aws:k": "v"}}, DEFINITION, EC2_QUEUE, "keys that begin with aws:"),
        ({"nodeOverrides": {"numNodes": 2}}, DEFINITION, EC2_QUEUE, "job definitions with nodeProperties"),
        ({"ecsPropertiesOverride": {"taskProperties": []}}, DEFINITION, EC2_QUEUE, "with ecsProperties"),
        ({"eksPropertiesOverride": {"podProperties": {}}}, DEFINITION, EC2_QUEUE, "jobs on Amazon EKS"),
        ({}, MULTINODE, EC2_QUEUE, "describes such job definitions, but runs none"),
    ],
)
def test_a_job_is_refused_with_what_is_allowed(
    extra: Any, definition: Any, queue: QueueFacts, message: str
) -> None:
    with pytest.raises(RequestRefusedError, match=message):
        check_submission({**REQUEST, **extra}, definition, queue)
