"""Short ways to put a fault in force, and a table to see what calls have done."""

from dataclasses import dataclass
from typing import Any, Self

from botocore.config import Config

from sluice_local.faults.plan import Fault, FaultKind, FaultPlan
from sluice_local.server import LocalAws

ONCE = Config(retries={"total_max_attempts": 1})


@dataclass(frozen=True)
class Table:
    """A table whose items have nothing but an id."""

    dynamodb: Any
    name: str

    @classmethod
    def made(cls, aws: LocalAws, name: str) -> Self:
        aws.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return cls(aws.client("dynamodb", ONCE), name)

    def put(self, key: str) -> Any:
        return self.dynamodb.put_item(TableName=self.name, Item={"id": {"S": key}})

    def has(self, key: str) -> bool:
        return "Item" in self.dynamodb.get_item(TableName=self.name, Key={"id": {"S": key}})


def inject(aws: LocalAws, kind: FaultKind, target: str, **fields: Any) -> None:
    aws.inject(FaultPlan(1, (Fault(kind, target, **fields),)))


def injected(aws: LocalAws, kind: FaultKind) -> int:
    return sum(aws.page("faults")["injected"].get(kind, {}).values())
