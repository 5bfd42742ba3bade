"""Metric math as text: what an expression is made of.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_WORD = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)
    |(?P<text>"[^"]*")
    |(?P<name>[A-Za-z][A-Za-z0-9_]*)
    |(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],]))""",
    re.VERBOSE,
)
_LOGICAL = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR"}
_LEVELS = (
    frozenset({"OR"}),
    frozenset({"AND"}),
    frozenset({"==", "!=", "<=", ">=", "<", ">"}),
    frozenset({"+", "-"}),
    frozenset({"*", "/"}),
    frozenset({"^"}),
)
"""What binds less comes first."""


class ExpressionError(ValueError):
    """Raised for an expression that CloudWatch would refuse, or that is not known here."""


@dataclass(frozen=True)
class Number:
    """A number, such as 0.5."""

    value: float


@dataclass(frozen=True)
class Text:
    """A text in quotation marks."""

    value: str


@dataclass(frozen=True)
class Name:
    """The Id of a metric or an expression, or a word such as REPEAT."""

    value: str


@dataclass(frozen=True)
class Listing:
    """Several series: [m1, m2]."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class Call:
    """A function and what it is given."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True)
class Negative:
    """What follows a minus."""

    operand: "Node"


@dataclass(frozen=True)
class Binary:
    """Two operands and what stands between them; AND and OR are spelled so."""

    operator: str
    left: "Node"
    right: "Node"


Node = Number | Text | Name | Listing | Call | Negative | Binary


def parse(expression: str) -> Node:
    """Read an expression.

    Raises:
        ExpressionError: it cannot be read; the message says where.
    """
    reader = _Reader(expression, _words(expression))
    node = reader.operation(0)
    reader.expect("")
    return node


def names(node: Node) -> set[str]:
    """Return every name in an expression: Ids, and words such as REPEAT."""
    match node:
        case Name(name):
            return {name}
        case Listing(parts) | Call(_, parts):
            return {name for part in parts for name in names(part)}
        case Negative(operand):
            return names(operand)
        case Binary(_, left, right):
            return names(left) | names(right)
    return set()


def _words(expression: str) -> list[str]:
    found, position, text = [], 0, expression.rstrip()
    while position < len(text):
        match = _WORD.match(text, position)
        if match is None:
            raise ExpressionError(f"Expression {expression!r}: {text[position:]!r} cannot be read.")
        word = match[0].strip()
        found.append(_LOGICAL.get(word, word))
        position = match.end()
    return found


class _Reader:
    """Reads words one after another; "" stands for the end."""

    def __init__(self, expression: str, words: list[str]) -> None:
        self._expression = expression
        self._words = [*words, ""]
        self._next = 0

    def operation(self, level: int) -> Node:
        """Read operands and the operators of this level, or those that bind more."""
        if level == len(_LEVELS):
            return self._operand()
        left = self.operation(level + 1)
        while self._peek() in _LEVELS[level]:
            operator = self._take()
            left = Binary(operator, left, self.operation(level + 1))
        return left

    def expect(self, word: str) -> None:
        """Take this word."""
        if self._peek() != word:
            found = self._peek() or "its end"
            wanted = word or "its end"
            raise ExpressionError(
                f"Expression {self._expression!r}: {found!r} stands where {wanted!r} should."
            )
        self._take()

    def _operand(self) -> Node:
        word = self._take()
        if word == "-":
            return Negative(self._operand())
        if word == "(":
            return self._closed(")", lambda: self.operation(0))
        if word == "[":
            return self._closed("]", lambda: Listing(self._sequence("]")))
        if word.startswith('"'):
            return Text(word[1:-1])
        if word[:1].isdigit() or word.startswith("."):
            return Number(float(word))
        if word[:1].isalpha():
            return self._name_or_call(word)
        raise ExpressionError(f"Expression {self._expression!r}: {word or 'its end'!r} is no value.")

    def _name_or_call(self, name: str) -> Node:
        if self._peek() != "(":
            return Name(name)
        self._take()
        return self._closed(")", lambda: Call(name, self._sequence(")")))

    def _closed(self, end: str, read: Callable[[], Node]) -> Node:
        node = read()
        self.expect(end)
        return node

    def _sequence(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while self._peek() != end:
            if items:
                self.expect(",")
            items.append(self.operation(0))
        return tuple(items)

    def _peek(self) -> str:
        return self._words[self._next]

    def _take(self) -> str:
        word = self._words[self._next]
        self._next = min(self._next + 1, len(self._words) - 1)
        return word
