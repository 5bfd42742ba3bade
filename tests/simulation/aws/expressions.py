"""DynamoDB's expressions, as far as the adapters use them, each compiled once.

Conditions: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
Updates: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple

Item = Mapping[str, Any]
"""An item, or a part of one, in DynamoDB's attribute form."""


class Names(NamedTuple):
    """ExpressionAttributeNames and ExpressionAttributeValues."""

    names: Mapping[str, str]
    values: Mapping[str, Any]


Value = Callable[[Item, Names], Any]
"""Reads an attribute, in attribute form; None if there is none."""
Condition = Callable[[Item, Names], bool]
Change = Callable[[dict[str, Any], Item, Names], None]
"""Changes a copy of the item, given the item as it was."""

_TOKEN = re.compile(r"\s*(<=|>=|<>|[=<>(),+\-]|[#:\w][\w.#]*)")
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def plain(attribute: Any) -> Any:
    """A scalar that can be compared."""
    ((kind, value),) = attribute.items()
    if kind == "N":
        return Decimal(value) if "." in value or "E" in value else int(value)
    return value


@cache
def condition(text: str) -> Condition:
    """Compiles a ConditionExpression or a KeyConditionExpression."""
    parser = _Parser(text)
    made = parser.either()
    parser.end()
    return made


@cache
def update(text: str) -> tuple[Change, ...]:
    """Compiles an UpdateExpression."""
    return _Parser(text).changes()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _TOKEN.findall(text)
        assert "".join(self.tokens) == re.sub(r"\s", "", text), f"cannot read {text!r}"
        self.place = 0

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.place += 1
        return token

    def take(self, word: str) -> bool:
        if self.peek().upper() == word:
            self.place += 1
            return True
        return False

    def need(self, word: str) -> None:
        if not self.take(word):
            raise ValueError(f"{word} is missing before {self.peek()!r} in {self.text!r}")

    def end(self) -> None:
        if self.peek():
            raise ValueError(f"{self.peek()!r} is one too many in {self.text!r}")

    def either(self) -> Condition:
        parts = [self.both()]
        while self.take("OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda item, names: any(part(item, names) for part in parts)

    def both(self) -> Condition:
        parts = [self.single()]
        while self.take("AND"):
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else lambda item, names: all(part(item, names) for part in parts)

    def single(self) -> Condition:
        if self.take("NOT"):
            negated = self.single()
            return lambda item, names: not negated(item, names)
        if self.take("("):
            inner = self.either()
            self.need(")")
            return inner
        if self.take("ATTRIBUTE_EXISTS"):
            path = self.argument()
            return lambda item, names: path(item, names) is not None
        if self.take("ATTRIBUTE_NOT_EXISTS"):
            path = self.argument()
            return lambda item, names: path(item, names) is None
        if self.take("BEGINS_WITH"):
            return self.beginning()
        return self.comparison()

    def beginning(self) -> Condition:
        self.need("(")
        path = self.operand()
        self.need(",")
        prefix = self.operand()
        self.need(")")
        return lambda item, names: (
            (found := path(item, names)) is not None and plain(found).startswith(plain(prefix(item, names)))
        )

    def argument(self) -> Value:
        self.need("(")
        path = self.operand()
        self.need(")")
        return path

    def comparison(self) -> Condition:
        left = self.operand()
        if self.take("IN"):
            self.need("(")
            options = [self.operand()]
            while self.take(","):
                options.append(self.operand())
            self.need(")")
            return lambda item, names: any(
                _compared(operator.eq, left(item, names), option(item, names)) for option in options
            )
        if self.take("BETWEEN"):
            least = self.operand()
            self.need("AND")
            most = self.operand()
            return lambda item, names: (
                _compared(operator.ge, left(item, names), least(item, names))
                and _compared(operator.le, left(item, names), most(item, names))
            )
        compare = _COMPARISONS[self.next()]
        right = self.operand()
        return lambda item, names: _compared(compare, left(item, names), right(item, names))

    def operand(self) -> Value:
        token = self.next()
        if token.startswith(":"):
            return lambda _, names: names.values[token]
        if token == "if_not_exists":
            self.need("(")
            path = self.operand()
            self.need(",")
            other = self.operand()
            self.need(")")
            return lambda item, names: (
                found if (found := path(item, names)) is not None else other(item, names)
            )
        parts = token.split(".")
        return lambda item, names: _at(item, [_name(part, names) for part in parts])

    def changes(self) -> tuple[Change, ...]:
        found: list[Change] = []
        while self.peek():
            word = self.next().upper()
            clause = {"SET": self.set_one, "REMOVE": self.remove_one, "ADD": self.add_one}[word]
            found.append(clause())
            while self.take(","):
                found.append(clause())
        return tuple(found)

    def set_one(self) -> Change:
        parts = self.next().split(".")
        self.need("=")
        value = self.operand()
        while self.peek() in ("+", "-"):
            value = _sum(value, self.next(), self.operand())

        def change(after: dict[str, Any], before: Item, names: Names) -> None:
            new = value(before, names)
            if new is None:
                raise ValueError("an attribute is missing that the update reads")
            _put(after, [_name(part, names) for part in parts], new)

        return change

    def remove_one(self) -> Change:
        name = self.next()
        return lambda after, _, names: after.pop(_name(name, names), None) and None

    def add_one(self) -> Change:
        name, value = self.next(), self.operand()

        def change(after: dict[str, Any], before: Item, names: Names) -> None:
            key = _name(name, names)
            by = plain(value(before, names))
            after[key] = {"N": str(plain(after.get(key, {"N": "0"})) + by)}

        return change


def _sum(left: Value, sign: str, right: Value) -> Value:
    factor = 1 if sign == "+" else -1

    def total(item: Item, names: Names) -> Any:
        one, other = left(item, names), right(item, names)
        if one is None or other is None:
            return None
        return {"N": str(plain(one) + factor * plain(other))}

    return total


def _compared(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    """An attribute that is missing, or of another type, is in no order to anything."""
    if left is None or right is None:
        return False
    if left.keys() != right.keys():
        return compare is operator.ne
    return compare(plain(left), plain(right))


def _name(part: str, names: Names) -> str:
    return names.names[part] if part.startswith("#") else part


def _at(item: Item, path: list[str]) -> Any:
    found: Any = item.get(path[0])
    for part in path[1:]:
        if found is None or "M" not in found:
            return None
        found = found["M"].get(part)
    return found


def _put(item: dict[str, Any], path: list[str], value: Any) -> None:
    """Sets an attribute; the maps on the way are copied, as others may hold the item as it was."""
    owner = item
    for part in path[:-1]:
        if part not in owner or "M" not in owner[part]:
            raise ValueError("the document path does not exist in the item")
        copied = dict(owner[part]["M"])
        owner[part] = {"M": copied}
        owner = copied
    owner[path[-1]] = value
