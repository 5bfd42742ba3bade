"""The task store as tests speak of it: by tokens."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from sluice.tasks.model import task_key

KEYED: Final = ("read", "record_submitted", "note_trouble", "note_missing", "note_job", "close", "settle")
"""Methods whose first argument is a task's key."""


class ByToken:
    """Calls a task store with the keys of tokens."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return partial(self._keyed, method) if name in KEYED else method

    @staticmethod
    def _keyed(method: Any, token: str, *more: Any, **named: Any) -> Any:
        return method(task_key(token), *more, **named)
