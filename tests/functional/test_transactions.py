"""Transactions of DynamoDB that others get in the way of."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import Session
from botocore.stub import Stubber

from sluice.aws.tables.transactions import MAX_TRIES, Transactions
from sluice.errors import BusyError, RejectedError

CANCELLED = "TransactionCanceledException"
CONFLICT, FAILED, NONE = "TransactionConflict", "ConditionalCheckFailed", "None"


class Table:
    """A DynamoDB client that answers as it is told, and what was asked of it and waited for."""

    def __init__(self) -> None:
        self.client: Any = Session().create_client(
            "dynamodb", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.waited: list[float] = []

    def refuses(self, *codes: str) -> None:
        reasons = [{"Code": code} for code in codes]
        self.stub.add_client_error(
            "transact_write_items", CANCELLED, modeled_fields={"CancellationReasons": reasons}
        )

    def takes(self, *keys: str) -> None:
        self.stub.add_response("transact_write_items", {}, {"TransactItems": actions(list(keys))})

    def write(self, *keys: str) -> tuple[list[str], list[str]] | None:
        written = Transactions(self.client, self.waited.append).write(keys, actions)
        self.stub.assert_no_pending_responses()
        return (written.held, [key for key, _ in written.refused]) if written else None


def actions(keys: Any) -> list[Any]:
    return [{"Delete": {"TableName": "table", "Key": {"id": {"S": key}}}} for key in ("all", *keys) if keys]


@pytest.fixture
def table() -> Table:
    return Table()


def test_a_transaction_that_met_another_waits_and_is_tried_again(table: Table) -> None:
    table.refuses(CONFLICT, NONE, NONE)
    table.refuses(NONE, CONFLICT, NONE)
    table.takes("a", "b")
    assert table.write("a", "b") == (["a", "b"], [])
    assert table.waited == [0.05, 0.1]


def test_what_is_refused_is_left_out_of_the_next_try(table: Table) -> None:
    table.refuses(CONFLICT, FAILED, NONE)
    table.refuses(NONE, FAILED)
    assert table.write("a", "b") == ([], ["a", "b"])


def test_nothing_is_written_when_the_action_for_all_is_refused(table: Table) -> None:
    table.refuses(FAILED, NONE)
    assert table.write("a") is None


def test_others_who_never_give_way_are_told_of(table: Table) -> None:
    for _ in range(MAX_TRIES):
        table.refuses(CONFLICT, NONE)
    with pytest.raises(BusyError, match="10 times in a row"):
        table.write("a")
    assert max(table.waited) == 1.0


def test_a_transaction_that_can_never_be_written_says_why(table: Table) -> None:
    table.refuses("ValidationError", NONE)
    with pytest.raises(RejectedError, match="ValidationError"):
        table.write("a")
