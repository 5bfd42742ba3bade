"""What speaks DynamoDB's protocol here, and the template whose tables the tests make on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sluice_local.packaging import read_template
from tests.contract.simulated_dynamodb import SimulatedDynamoDb
from tests.e2e.stack.stack import ROOT

if TYPE_CHECKING:
    import pytest

DYNAMODB_BACKENDS: Final = ("local-aws", "dynamodb-local", "simulated")
NETWORKED: Final = DYNAMODB_BACKENDS[:2]
"""Those with a client of boto3's own, which sends requests that a test can send twice."""

TEMPLATE: Final = read_template((ROOT / "template.yaml").read_text())


def dynamodb_of(backend: str, request: pytest.FixtureRequest) -> Any:
    """A client of Local AWS, of Amazon's DynamoDB Local or of the simulation, whichever is asked for."""
    if backend == "simulated":
        return SimulatedDynamoDb()
    if backend == "local-aws":
        return request.getfixturevalue("local_aws").client("dynamodb")
    return request.getfixturevalue("dynamodb_local").client()
