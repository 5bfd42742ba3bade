"""What is wrong with a definition, and where."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

JSONPATH = "JSONPath"
JSONATA = "JSONata"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        text: what it is.
        place: where, such as `/States/Align/Next`.
        code: AWS's word for its kind.
    """

    text: str
    place: str
    code: str = "SCHEMA_VALIDATION_FAILED"

    def __str__(self) -> str:
        """As AWS words it."""
        return f"{self.code}: {self.text}" + (f" at {self.place}" if self.place else "")


@dataclass(frozen=True, slots=True)
class State:
    """A state of a definition, or a part of one.

    Attributes:
        body: its fields.
        place: where it stands.
        language: its query language.
        name: its name; empty for a part.
    """

    body: Mapping[str, Any]
    place: str
    language: str
    name: str = ""

    @property
    def kind(self) -> Any:
        """Its Type; it need not be one that there is."""
        return self.body.get("Type")


Problems = Iterator[Problem]


def is_expression(value: object) -> bool:
    """Tell whether a value is a JSONata expression, whose value nobody knows before it runs."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")
