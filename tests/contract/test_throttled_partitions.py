"""Local AWS throttles partitions where it is asked to, as the simulation does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

from sluice_local.deploy import create_table
from sluice_local.dynamodb.partitions import WRITES
from sluice_local.quotas import Quota
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.contract.dynamodb_backends import TEMPLATE
from tests.support.building import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

ONCE = Config(retries={"total_max_attempts": 1})
LARGE = {"S": "x" * (350 * 1024)}


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    # no more comes while a test runs
    writes, reads = Quota(WRITES.bucket_size, 0.001), Quota(100, 0.001)
    with LocalAws(LocalSettings(partition_writes=writes, partition_reads=reads)) as aws:
        yield aws.client("dynamodb", ONCE)


@pytest.fixture
def table(dynamodb: Any, unique: str) -> str:
    return create_table(dynamodb, TEMPLATE, "CohortTable", name=unique)


def item(cohort: str, entry: str) -> dict[str, Any]:
    return {"cohort": {"S": cohort}, "entry": {"S": entry}, "input": LARGE}


def key(cohort: str, entry: str) -> dict[str, Any]:
    return {"cohort": {"S": cohort}, "entry": {"S": entry}}


def test_a_partition_takes_a_thousand_write_units_and_the_others_theirs(dynamodb: Any, table: str) -> None:
    # 351 units each
    for entry in "ab":
        dynamodb.put_item(TableName=table, Item=item("one", entry))
    assert refused(lambda: dynamodb.put_item(TableName=table, Item=item("one", "c"))) == "ThrottlingException"
    change = {
        "TableName": table,
        "Key": key("one", "a"),
        "UpdateExpression": "SET attempt = :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }
    assert refused(lambda: dynamodb.update_item(**change)) == "ThrottlingException"
    dynamodb.put_item(TableName=table, Item=item("other", "a"))


def test_what_an_update_makes_of_an_item_is_charged_after_it(dynamodb: Any, table: str) -> None:
    for entry in "abc":
        change = {
            "TableName": table,
            "Key": key("one", entry),
            "UpdateExpression": "SET #input = :large",
            "ExpressionAttributeNames": {"#input": "input"},
            "ExpressionAttributeValues": {":large": LARGE},
        }
        dynamodb.update_item(**change)
    small = {"TableName": table, "Item": key("one", "d")}
    assert refused(lambda: dynamodb.put_item(**small)) == "ThrottlingException"
    # nor may an update make an item there
    assert (
        refused(lambda: dynamodb.update_item(**{**change, "Key": key("one", "d")})) == "ThrottlingException"
    )


def test_a_transaction_costs_twice_as_much_and_is_cancelled_as_a_whole(dynamodb: Any, table: str) -> None:
    wanted = [item("one", "a"), item("one", "b"), item("other", "a")]
    writes = [{"Put": {"TableName": table, "Item": each}} for each in wanted]
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as caught:
        dynamodb.transact_write_items(TransactItems=writes)
    codes = [each["Code"] for each in caught.value.response["CancellationReasons"]]
    assert codes == ["ThrottlingError", "ThrottlingError", "None"]
    dynamodb.transact_write_items(TransactItems=writes[1:])


def test_a_partition_serves_so_many_read_units(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=item("one", "a"))
    read = {"TableName": table, "Key": key("one", "a"), "ConsistentRead": True}
    for _ in range(2):  # 88 units each, and what is known only afterwards is charged all the same
        dynamodb.get_item(**read)
    assert refused(lambda: dynamodb.get_item(**read)) == "ThrottlingException"
    dynamodb.get_item(**{**read, "Key": key("other", "a")})
