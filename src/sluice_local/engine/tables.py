"""DynamoDB writes that lose nothing.

AWS: each write of an item is atomic,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html.

MiniStack 1.5.33: writes over HTTP are serial because one event loop serves them, but Step Functions'
`dynamodb:*` integration writes on each execution's own thread, where two read-modify-writes may overlap.

Fixed by one lock round every operation that writes.
"""

import functools
import threading
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

_WRITES = (
    "_put_item",
    "_update_item",
    "_delete_item",
    "_batch_write_item",
    "_transact_write_items",
    "_execute_statement",
    "_batch_execute_statement",
    "_execute_transaction",
)


def install() -> None:
    """Let one write happen at a time."""
    # A write may call another: a transaction's statement is a statement.
    writing = threading.RLock()
    for name in _WRITES:
        ministack.wrap(f"services.dynamodb.{name}", functools.partial(_serial, writing))


def _serial(writing: threading.RLock, write: Private) -> Private:
    @functools.wraps(write)
    def serial(*arguments: Any, **keywords: Any) -> Private:
        with writing:
            return write(*arguments, **keywords)

    return serial
