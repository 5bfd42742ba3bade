from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.aws.dynamodb import IN_FLIGHT_US, DynamoDb
from tests.simulation.aws.errors import Refusal
from tests.simulation.aws.tables import Index, Table
from tests.unit.simulation.building import pass_time, world


def item(name: str, **fields: dict[str, str]) -> dict[str, Any]:
    return {"name": {"S": name}, **fields}


def service(lag: float = 0) -> DynamoDb:
    by_age = Index("kind", "age", lambda item: item)
    by_word = Index("kind", "word", lambda item: item)
    table = Table(("name",), {"ByAge": by_age, "ByWord": by_word})
    return DynamoDb(world(), {"table": table}, lambda: lag)


def put(db: DynamoDb, name: str, **fields: dict[str, str]) -> None:
    db.put_item({"TableName": "table", "Item": item(name, kind={"S": "k"}, **fields)})


def found(db: DynamoDb, index: str, condition: str, **values: dict[str, str]) -> list[str]:
    named = {f":{name}": value for name, value in values.items()}
    request = {
        "TableName": "table",
        "IndexName": index,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {":kind": {"S": "k"}, **named},
    }
    return [each["name"]["S"] for each in db.query(request)["Items"]]


def test_an_index_is_in_the_order_of_its_sort_key_whether_number_or_text() -> None:
    db = service()
    put(db, "old", age={"N": "100"}, word={"S": "b"})
    put(db, "young", age={"N": "9"}, word={"S": "a"})
    put(db, "absent", age={"N": "9"})
    assert found(db, "ByAge", "kind = :kind AND age <= :most", most={"N": "99"}) == ["absent", "young"]
    assert found(db, "ByWord", "kind = :kind") == ["young", "old"]
    assert found(db, "ByWord", "kind = :kind AND word = :word", word={"S": "b"}) == ["old"]


def test_an_index_that_lags_shows_a_write_later() -> None:
    db = service(lag=30)
    put(db, "one", age={"N": "1"})
    assert found(db, "ByAge", "kind = :kind") == []
    pass_time(db.world, 31)
    assert found(db, "ByAge", "kind = :kind") == ["one"]


def test_a_refused_write_tells_of_the_item_in_its_way() -> None:
    db = service()
    put(db, "one", age={"N": "1"})
    with pytest.raises(Refusal, match="ConditionalCheckFailedException") as refused:
        db.put_item(
            {
                "TableName": "table",
                "Item": item("one"),
                "ConditionExpression": "attribute_not_exists(age)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        )
    assert refused.value.fields["Item"]["age"] == {"N": "1"}


def action(name: str, condition: str = "attribute_not_exists(age)") -> dict[str, Any]:
    return {"Put": {"TableName": "table", "Item": item(name), "ConditionExpression": condition}}


def test_a_transaction_is_written_whole_or_not_and_once_under_its_token() -> None:
    db = service()
    put(db, "two", age={"N": "1"})
    both = {"TransactItems": [action("one"), action("two")], "ClientRequestToken": "t1"}
    with pytest.raises(Refusal, match="TransactionCanceledException") as refused:
        db.transact_write_items(both)
    assert [each["Code"] for each in refused.value.fields["CancellationReasons"]] == [
        "None",
        "ConditionalCheckFailed",
    ]
    assert ("one",) not in db.tables["table"].items
    alone = {"TransactItems": [action("one", "attribute_not_exists(name)")], "ClientRequestToken": "t2"}
    db.transact_write_items(alone)
    db.transact_write_items(alone)
    assert ("one",) in db.tables["table"].items


def test_a_transaction_holds_its_items_for_a_moment() -> None:
    db = service()
    db.transact_write_items({"TransactItems": [action("one")], "ClientRequestToken": "t1"})
    with pytest.raises(Refusal, match="TransactionConflictException"):
        put(db, "one")
    pass_time(db.world, IN_FLIGHT_US / 1_000_000)
    put(db, "one")
