"""Calls of one DynamoDB table, in ServiceErrors instead of botocore's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from sluice.aws.errors import translated
from sluice.aws.tables.attributes import refused_item, to_item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_boto3_dynamodb import DynamoDBClient

KEYS_MAX: Final = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""


@dataclass(frozen=True)
class Table:
    """One table. Keys and items are in DynamoDB's attribute form, values of expressions are plain.

    Errors do not tell the secrets that a call is given.
    """

    client: DynamoDBClient
    name: str

    def get(self, key: Mapping[str, Any], *secrets: str) -> Mapping[str, Any]:
        """The answer to a consistent read, which has an `Item` if there is one."""
        with translated(*secrets):
            return self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True)

    def put_new(
        self, item: Mapping[str, Any], condition: str, *secrets: str
    ) -> tuple[Mapping[str, Any] | None, bool]:
        """Writes an item if the condition holds; returns the one that was there, and whether it held."""
        with translated(*secrets):
            try:
                self.client.put_item(
                    TableName=self.name,
                    Item=item,
                    ConditionExpression=condition,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self.client.exceptions.ConditionalCheckFailedException as error:
                return refused_item(error), False
        return None, True

    def update(
        self,
        key: Mapping[str, Any],
        expression: str,
        *secrets: str,
        condition: str | None,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> tuple[Mapping[str, Any] | None, bool]:
        """Returns the item as it is now, None if there is none, and whether the condition held."""
        arguments: Any = {"ExpressionAttributeNames": names} if names else {}
        if condition is not None:
            arguments["ConditionExpression"] = condition
        with translated(*secrets):
            try:
                answer = self.client.update_item(
                    TableName=self.name,
                    Key=key,
                    UpdateExpression=expression,
                    ExpressionAttributeValues=to_item(values),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **arguments,
                )
            except self.client.exceptions.ConditionalCheckFailedException as error:
                return refused_item(error), False
        return answer["Attributes"], True

    def pages(
        self, operation: Literal["query", "scan"], *, values: Mapping[str, Any], **arguments: Any
    ) -> Iterator[Mapping[str, Any]]:
        """The items that a query or a scan finds, a page at a time as they are needed."""
        pages = self.client.get_paginator(operation).paginate(
            TableName=self.name, ExpressionAttributeValues=to_item(values), **arguments
        )
        with translated():
            for page in pages:
                yield from page["Items"]

    def count(self, *, values: Mapping[str, Any], **arguments: Any) -> int:
        """How many items a query finds; none of them is sent."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name, Select="COUNT", ExpressionAttributeValues=to_item(values), **arguments
        )
        with translated():
            return sum(page["Count"] for page in pages)

    def items(
        self, keys: Sequence[Mapping[str, Any]], *secrets: str, **shown: Any
    ) -> Iterator[Mapping[str, Any]]:
        """Those of the keys that there are, in any order; a read for every KEYS_MAX of them."""
        for begin in range(0, len(keys), KEYS_MAX):
            wanted: Any = {self.name: {"Keys": keys[begin : begin + KEYS_MAX], **shown}}
            while wanted:
                with translated(*secrets):
                    answer = self.client.batch_get_item(RequestItems=wanted)
                yield from answer["Responses"].get(self.name, ())
                wanted = answer.get("UnprocessedKeys")
