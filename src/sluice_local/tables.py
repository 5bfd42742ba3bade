"""Makes one table of a template by itself, on whatever speaks DynamoDB's protocol."""

from collections.abc import Mapping
from typing import Any

_WANTED = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


def create_table(dynamodb: Any, template: Mapping[str, Any], logical_id: str, *, name: str) -> str:
    """Make a table with the keys and indexes that the template gives it, and return its name.

    Args:
        dynamodb: a client of boto3.
        template: as `packaging.read_template` reads it.
        logical_id: the table's name in the template.
        name: the table's name from now on.
    """
    properties = template["Resources"][logical_id]["Properties"]
    dynamodb.create_table(TableName=name, **{key: properties[key] for key in _WANTED if key in properties})
    return name
