"""Job definitions and revisions."""

from typing import Any

import pytest

from sluice_local.batch.definitions import Definitions
from sluice_local.batch.model import RequestRefusedError
from tests.support.building import NEEDS
from tests.unit.local_batch.building import SCOPE

REQUEST: dict[str, Any] = {
    "jobDefinitionName": "align",
    "type": "container",
    "containerProperties": {"image": "lowpass", "resourceRequirements": NEEDS},
}


@pytest.fixture
def definitions() -> Definitions:
    definitions = Definitions()
    for _ in range(3):
        definitions.register(REQUEST, SCOPE)
    return definitions


def revisions(definitions: Definitions, **request: Any) -> list[int]:
    return [found["revision"] for found in definitions.describe(request, SCOPE)]


@pytest.mark.parametrize(
    ("reference", "revision"),
    [
        ("align", 3),
        ("align:2", 2),
        (SCOPE.arn("job-definition/align"), 3),
        (SCOPE.arn("job-definition/align:1"), 1),
    ],
)
def test_a_definition_is_found_by_name_and_arn_with_and_without_revision(
    definitions: Definitions, reference: str, revision: int
) -> None:
    assert definitions.find(reference, SCOPE)["revision"] == revision


def test_a_deregistered_revision_is_passed_over_and_its_number_is_not_used_again(
    definitions: Definitions,
) -> None:
    definitions.deregister("align:3", SCOPE)
    assert definitions.find("align", SCOPE)["revision"] == 2
    with pytest.raises(RequestRefusedError, match="align:3 does not exist or is not in ACTIVE status"):
        definitions.find("align:3", SCOPE)
    assert definitions.register(REQUEST, SCOPE)["revision"] == 4


def test_definitions_are_described_by_reference_name_and_status(definitions: Definitions) -> None:
    definitions.deregister("align:1", SCOPE)
    definitions.register({**REQUEST, "jobDefinitionName": "impute"}, SCOPE)
    assert revisions(definitions, jobDefinitionName="align", status="ACTIVE") == [2, 3]
    assert revisions(definitions, jobDefinitions=["align:1", "impute"]) == [1, 1]
    assert revisions(definitions) == [1, 2, 3, 1]


@pytest.mark.parametrize("reference", ["align:4", "impute:1", "align"])
def test_only_a_revision_that_exists_is_deregistered(definitions: Definitions, reference: str) -> None:
    with pytest.raises(RequestRefusedError):
        definitions.deregister(reference, SCOPE)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"jobDefinitionName": ""}, "not valid"),
        ({"type": "multinode"}, "needs nodeProperties"),
        ({"type": "eks"}, "container or multinode are allowed"),
        ({"containerProperties": {"command": ["x"]}}, "image"),
        (
            {
                "containerProperties": {
                    "image": "any",
                    "resourceRequirements": [{"type": "MEMORY", "value": "2 GB"}],
                }
            },
            "MEMORY is '2 GB'; it must be a whole number",
        ),
        ({"retryStrategy": {"attempts": 11}}, "1 to 10"),
        ({"timeout": {"attemptDurationSeconds": 1}}, "at least 60"),
        ({"parameters": {"x": "y" * 24_600}}, "at most 24576"),
    ],
)
def test_a_definition_that_cannot_run_is_refused(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestRefusedError, match=message):
        Definitions().register({**REQUEST, **request_}, SCOPE)
