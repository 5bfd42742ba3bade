"""Reads cohorts from their table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sluice.aws.cohort_items import COHORT_ENTRY, cohort_key, read_cohort, read_sample
from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice.cohort import Cohort, Sample
    from sluice_cli.ports import Api
    from sluice_cli.stack import Stack


def cohort_if_any(api: Api, stack: Stack, name: str) -> Cohort | None:
    """Reads a cohort; None if there is none of this name."""
    table = stack.output("CohortTableName")
    answer = api.call("dynamodb", "get_item", TableName=table, Key=cohort_key(name), ConsistentRead=True)
    return read_cohort(answer["Item"]) if "Item" in answer else None


def find_cohort(api: Api, stack: Stack, name: str) -> Cohort:
    """Reads a cohort.

    Raises:
        WrongUsageError: there is none of this name.
    """
    found = cohort_if_any(api, stack, name)
    if found is None:
        raise WrongUsageError(
            f"Stack {stack.name} has no cohort {name!r}: `sluice status` lists those that there are."
        )
    return found


def samples_of(api: Api, stack: Stack, name: str) -> Iterator[Sample]:
    """Reads a cohort's samples by their names, a page at a time."""
    pages = api.pages(
        "dynamodb",
        "query",
        TableName=stack.output("CohortTableName"),
        KeyConditionExpression="cohort = :cohort AND #entry > :own",
        ExpressionAttributeNames={"#entry": "entry"},
        ExpressionAttributeValues={":cohort": {"S": name}, ":own": {"S": COHORT_ENTRY}},
        ConsistentRead=True,
    )
    return (read_sample(item) for page in pages for item in page["Items"])


def all_cohorts(api: Api, stack: Stack) -> list[Cohort]:
    """Reads all cohorts, the latest first. It goes through the whole table."""
    pages = api.pages(
        "dynamodb",
        "scan",
        TableName=stack.output("CohortTableName"),
        FilterExpression="#entry = :own",
        ExpressionAttributeNames={"#entry": "entry"},
        ExpressionAttributeValues={":own": {"S": COHORT_ENTRY}},
    )
    found = [read_cohort(item) for page in pages for item in page["Items"]]
    return sorted(found, key=lambda cohort: cohort.created_at, reverse=True)
