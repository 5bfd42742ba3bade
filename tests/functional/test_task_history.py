"""The history of executions where DynamoDB does not answer in full, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sluice.aws.tables.attributes import from_item, to_item
from sluice.aws.tables.task_items import intent
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.errors import DeniedError
from sluice.tasks.contract import parse_task
from tests.functional.test_aws_errors import client_error
from tests.support.builders import EXECUTION, job, task_text

if TYPE_CHECKING:
    from collections.abc import Iterator


class ShortOfCapacity:
    """A client whose table has five tasks, and that answers with one at a time."""

    def __init__(self) -> None:
        text = task_text(job("align"))
        tasks = [parse_task(f"token-{number}", text) for number in range(5)]
        self.items = {task.key: to_item(intent(task, text, at)) for at, task in enumerate(tasks)}

    def get_paginator(self, operation: str) -> ShortOfCapacity:
        assert operation == "query"
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        for item in self.items.values():
            yield {"Items": [{"taskToken": item["taskToken"]}]}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        first, *rest = RequestItems["tasks"]["Keys"]
        left = {"tasks": {"Keys": rest}} if rest else {}
        item = self.items[from_item(first)["taskToken"]]
        return {"Responses": {"tasks": [item]}, "UnprocessedKeys": left}


class Refusing(ShortOfCapacity):
    """A client whose index may be read and whose table may not."""

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        tokens = [from_item(key)["taskToken"] for key in RequestItems["tasks"]["Keys"]]
        raise client_error("AccessDeniedException", 400, f"not {tokens}")


def test_all_tasks_are_read_when_dynamodb_leaves_some_for_later() -> None:
    client: Any = ShortOfCapacity()
    found = DynamoTaskStore(client, "tasks", 1).history([EXECUTION])
    assert [record.created_at for record in found] == [0, 1, 2, 3, 4]


def test_no_token_is_told_when_the_tasks_may_not_be_read() -> None:
    client: Any = Refusing()
    with pytest.raises(DeniedError) as caught:
        DynamoTaskStore(client, "tasks", 1).history([EXECUTION])
    assert caught.value.code == "AccessDeniedException"
    assert "token-" not in str(caught.value)
