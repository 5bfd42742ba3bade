"""DynamoDB's operations that Sluice's stores rely on."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice_local.server import LocalAws
from tests.support.building import Machines, refused


@pytest.fixture
def dynamodb(local_aws: LocalAws) -> Any:
    return local_aws.client("dynamodb")


@pytest.fixture
def table(dynamodb: Any, unique: str) -> str:
    """A table like that of tasks: a token as key, a sparse index of open tasks by age."""
    dynamodb.create_table(
        TableName=unique,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "token", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "token", "AttributeType": "S"},
            {"AttributeName": "open", "AttributeType": "S"},
            {"AttributeName": "createdAt", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "open-by-age",
                "KeySchema": [
                    {"AttributeName": "open", "KeyType": "HASH"},
                    {"AttributeName": "createdAt", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return unique


def key(token: str) -> dict[str, Any]:
    return {"token": {"S": token}}


def test_concurrent_adds_lose_nothing(dynamodb: Any, table: str) -> None:
    def add(_: int) -> None:
        dynamodb.update_item(
            TableName=table,
            Key=key("t"),
            UpdateExpression="ADD tat :one SET seen = if_not_exists(seen, :one)",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(200)))
    item = dynamodb.get_item(TableName=table, Key=key("t"), ConsistentRead=True)["Item"]
    assert (item["tat"], item["seen"]) == ({"N": "200"}, {"N": "1"})


def test_adds_of_concurrent_executions_lose_nothing(dynamodb: Any, table: str, machines: Machines) -> None:
    arguments = {
        "TableName": table,
        "Key": key("t"),
        "UpdateExpression": "ADD tat :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    arn = machines.of_one_task("arn:aws:states:::dynamodb:updateItem", Parameters=arguments)
    for execution in [machines.start(arn) for _ in range(30)]:
        assert machines.ended(execution)["status"] == "SUCCEEDED"
    assert dynamodb.get_item(TableName=table, Key=key("t"))["Item"]["tat"] == {"N": "30"}


def test_a_failed_condition_returns_the_item_as_it_is(dynamodb: Any, table: str) -> None:
    item = {**key("t"), "state": {"S": "OPEN"}}
    dynamodb.put_item(TableName=table, Item=item)
    with pytest.raises(ClientError) as caught:
        dynamodb.put_item(
            TableName=table,
            Item=key("t"),
            ConditionExpression="attribute_not_exists(#t)",
            ExpressionAttributeNames={"#t": "token"},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    response: dict[str, Any] = {**caught.value.response}
    assert response["Item"] == item


def test_a_nested_map_is_updated_in_place_and_gives_the_new_item(dynamodb: Any, table: str) -> None:
    jobs = {
        "M": {"align": {"M": {"status": {"S": "SUBMITTED"}}}, "impute": {"M": {"status": {"S": "SUBMITTED"}}}}
    }
    dynamodb.put_item(TableName=table, Item={**key("t"), "jobs": jobs})
    updated = dynamodb.update_item(
        TableName=table,
        Key=key("t"),
        UpdateExpression="SET jobs.#job.#status = :new, jobs.#job.exitCode = :code",
        ConditionExpression="jobs.#job.#status <> :new",
        ExpressionAttributeNames={"#job": "align", "#status": "status"},
        ExpressionAttributeValues={":new": {"S": "SUCCEEDED"}, ":code": {"N": "0"}},
        ReturnValues="ALL_NEW",
    )["Attributes"]["jobs"]["M"]
    assert updated["align"]["M"] == {"status": {"S": "SUCCEEDED"}, "exitCode": {"N": "0"}}
    assert updated["impute"]["M"] == {"status": {"S": "SUBMITTED"}}


def test_an_update_below_a_missing_map_is_refused(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=key("t"))
    update = {"UpdateExpression": "SET jobs.align = :x", "ExpressionAttributeValues": {":x": {"N": "1"}}}
    assert (
        refused(lambda: dynamodb.update_item(TableName=table, Key=key("t"), **update))
        == "ValidationException"
    )


def test_a_sparse_index_holds_open_tasks_only_and_is_queried_by_age(dynamodb: Any, table: str) -> None:
    for number in range(5):
        created_at = {"createdAt": {"N": str(number)}}
        dynamodb.put_item(TableName=table, Item={**key(f"t{number}"), "open": {"S": "OPEN"}, **created_at})
    dynamodb.update_item(
        TableName=table, Key=key("t1"), UpdateExpression="REMOVE #o", ExpressionAttributeNames={"#o": "open"}
    )
    query = {
        "TableName": table,
        "IndexName": "open-by-age",
        "KeyConditionExpression": "#o = :open AND createdAt < :limit",
        "ExpressionAttributeNames": {"#o": "open"},
        "ExpressionAttributeValues": {":open": {"S": "OPEN"}, ":limit": {"N": "4"}},
        "Limit": 2,
    }
    pages = list(dynamodb.get_paginator("query").paginate(**query))
    tokens = [item["token"]["S"] for page in pages for item in page["Items"]]
    assert tokens == ["t0", "t2", "t3"]


def test_a_transaction_with_one_failed_condition_writes_nothing(dynamodb: Any, table: str) -> None:
    put = {"TableName": table, "Item": key("new")}
    check = {"TableName": table, "Key": key("gone"), "ConditionExpression": "attribute_exists(createdAt)"}
    items = [{"Put": put}, {"ConditionCheck": check}]
    assert (
        refused(lambda: dynamodb.transact_write_items(TransactItems=items)) == "TransactionCanceledException"
    )
    assert "Item" not in dynamodb.get_item(TableName=table, Key=key("new"))
