"""A JSON or YAML text as its author wrote it: what it says, and where each value stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sluice_cli.adopting.json_text import as_yaml
from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROPERTY: Final = re.compile(r"[&!]\S*(\s+#[^\n]*)*\s+")
"""An anchor or a tag, with the blanks, line breaks and comments behind it."""
_REMARK: Final = re.compile(r"#[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL)
_ALIAS: Final = re.compile(r"(?:#[^\n]*|[^#*])*(\*[^\s,\[\]{}]+)")
"""An alias behind a key or another entry; there may be a comment between them."""
TEXT: Final = "tag:yaml.org,2002:str"
"""The tag of a text that has none of its own."""
_MERGE: Final = "tag:yaml.org,2002:merge"
_TERRAFORM: Final = (".tf", ".hcl", ".tofu")


@dataclass(frozen=True)
class Source:
    """A text and the root of its nodes, whose marks are places in the text."""

    name: str
    text: str
    root: Node
    edits: list[Edit] = field(default_factory=list)

    def replace(self, begin: int, end: int, text: str) -> None:
        """Notes an edit. What two places share by a YAML alias is edited once.

        Raises:
            WrongUsageError: two places share the text and need different edits.
        """
        edit = Edit(begin, end, text)
        if edit in self.edits:
            return
        if any(each.meets(edit) for each in self.edits):
            line = self.text.count("\n", 0, begin) + 1
            raise WrongUsageError(
                f"{self.name}, line {line} is shared by states that need different changes. Write it out in "
                "each of them, without an alias."
            )
        self.edits.append(edit)

    def edited(self) -> str:
        """The text with all edits done."""
        text = self.text
        for each in sorted(self.edits, key=lambda edit: (edit.begin, edit.end), reverse=True):
            text = text[: each.begin] + each.text + text[each.end :]
        return text

    def line_start(self, at: int) -> int:
        """Where the line of a place begins."""
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Where the line of a place ends, before its line break."""
        found = self.text.find("\n", at)
        end = len(self.text) if found < 0 else found
        return end - 1 if self.text[end - 1 : end] == "\r" else end

    def line(self, node: Node) -> int:
        """The number of a node's first line."""
        return int(node.start_mark.line) + 1

    def begins_line(self, at: int) -> bool:
        """True if nothing but blanks stands before a place in its line."""
        return not self.text[self.line_start(at) : at].strip()

    @property
    def is_json(self) -> bool:
        """True for JSON, with whatever templates put into it."""
        return self.text.lstrip("\ufeff \t\r\n").startswith("{")

    @property
    def line_break(self) -> str:
        """The line break of this text."""
        return "\r\n" if "\r\n" in self.text else "\n"


@dataclass(frozen=True)
class Edit:
    """A part of a text and what is to stand there instead."""

    begin: int
    end: int
    text: str

    def meets(self, other: Edit) -> bool:
        """True if both change the same text, or insert at the same place."""
        if self.begin == other.begin:
            return (self.begin == self.end) == (other.begin == other.end)
        return self.begin < other.end and other.begin < self.end


def read_source(name: str, text: str) -> Source:
    """Reads a JSON or YAML text; JSON may have comments, and `${placeholders}` outside of texts.

    Raises:
        WrongUsageError: it is neither; says where.
    """
    if name.endswith(_TERRAFORM):
        raise WrongUsageError(
            f"{name} is Terraform's own language, which cannot be read here: put the definition into a file "
            "of its own, for `templatefile`, and convert that. The activity may be one of its variables."
        )
    try:
        root = yaml.compose(as_yaml(text), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        said = getattr(error, "problem", None) or str(error) or "it is nested too deeply"
        hint = " Terraform's %{ directives } are left out when it is read; what is left must be JSON or YAML."
        raise WrongUsageError(
            f"{name}{where} is neither JSON nor YAML: {said}.{hint if '%{' in text else ''}"
        ) from error
    if root is None:
        raise WrongUsageError(f"{name} is empty.")
    if _has_cycle(root, set(), set()):
        raise WrongUsageError(f"{name} has a YAML alias that refers to a part that contains it.")
    return Source(name, text, root)


def _has_cycle(node: Node, around: set[int], seen: set[int]) -> bool:
    """True if a node has itself below it; a node is looked at once, however many aliases it has."""
    if id(node) in around or id(node) in seen or isinstance(node, ScalarNode):
        return id(node) in around
    seen.add(id(node))
    below = (each for entry in node.value for each in (entry if isinstance(entry, tuple) else (entry,)))
    return any(_has_cycle(each, {*around, id(node)}, seen) for each in below)


def members(node: Node | None) -> dict[str, Node]:
    """The members of a mapping by name, with what YAML's `<<` merges into it; nothing of what is none."""
    return {name: value for name, (_, value, _owner) in _pairs(node).items()}


def key_of(node: MappingNode, name: str) -> ScalarNode:
    """The key node of a member that is there."""
    return _pairs(node)[name][0]


def owner_of(node: MappingNode, name: str) -> MappingNode:
    """The mapping in which a member stands: this one, or another that is merged into it."""
    return _pairs(node)[name][2]


def _pairs(node: Node | None) -> dict[str, tuple[ScalarNode, Node, MappingNode]]:
    if not isinstance(node, MappingNode):
        return {}
    pairs: dict[str, tuple[ScalarNode, Node, MappingNode]] = {}
    for value in (value for key, value in node.value if key.tag == _MERGE):
        for each in reversed([*entries(value), value]):
            pairs |= _pairs(each)
    for key, value in node.value:
        if isinstance(key, ScalarNode) and key.tag != _MERGE:
            pairs[key.value] = (key, value, node)
    return pairs


def stands_at(source: Source, node: MappingNode, name: str) -> bool:
    """True if a member's value is written beside its key, and not elsewhere, as that of an alias is."""
    key, value, _ = _pairs(node)[name]
    between = source.text[key.end_mark.index : value.start_mark.index]
    return _REMARK.sub("", between).strip() == ":"


def body_start(source: Source, node: Node, *, past_tag: bool = True) -> int:
    """Where a value begins behind its anchor, and behind its tag if that is wanted."""
    at = int(node.start_mark.index)
    while (found := _PROPERTY.match(source.text, at)) and (past_tag or found[0].startswith("&")):
        at = found.end()
    return at


def entries(node: Node | None) -> list[Node]:
    """The entries of a list; nothing of what is none, such as the arguments of `!If`."""
    return list(node.value) if isinstance(node, SequenceNode) and not node.tag.startswith("!") else []


def end_of(node: Node) -> int:
    """Where a node's own text ends; PyYAML lets a block end where the next thing begins."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        return span_of(node, len(node.value) - 1)[1]
    mark = node.end_mark
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        return len(str(mark.buffer)[: mark.index].rstrip())
    return int(mark.index)


def span_of(node: MappingNode | SequenceNode, at: int) -> tuple[int, int]:
    """Where a member of a mapping, with its key, or an entry of a list begins and ends.

    Of an alias it is the alias itself, and not what that stands for.
    """
    if isinstance(node, MappingNode):
        key, value = node.value[at]
        begin, before = int(key.start_mark.index), int(key.end_mark.index)
    else:
        value = node.value[at]
        begin, before = (
            int(value.start_mark.index),
            span_of(node, at - 1)[1] if at else int(node.start_mark.index),
        )
    if value.start_mark.index >= before:
        return begin, end_of(value)
    alias = _ALIAS.match(str(node.start_mark.buffer), before)
    if alias is None:
        return begin, before
    return begin if isinstance(node, MappingNode) else alias.start(1), alias.end(1)


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    if isinstance(node, MappingNode):
        for _, value in node.value:
            yield from walk(value)
    elif isinstance(node, SequenceNode):
        for each in node.value:
            yield from walk(each)
