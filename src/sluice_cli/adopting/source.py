"""A JSON or YAML text as its author wrote it: what it says, and where each value stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_JSON: Final = re.compile(
    r'(?P<kept>"(?:\\.|[^"\\])*")|(?P<blank>//[^\n]*|/\*.*?\*/)|(?P<value>\$\{[^}]*\})', re.DOTALL
)
"""What templates and editors put into JSON: comments, and placeholders that stand for numbers and lists."""


_LIKE_JSON: Final = re.compile(r"\ufeff?(\s|//[^\n]*\n|/\*.*?\*/)*[{\[]", re.DOTALL)
_TERRAFORM: Final = (".tf", ".hcl", ".tofu")


@dataclass(frozen=True)
class Source:
    """A text and the root of its nodes, whose marks are places in the text."""

    name: str
    text: str
    root: Node
    edits: list[Edit] = field(default_factory=list)

    def replace(self, begin: int, end: int, text: str) -> None:
        """Notes an edit; edits must not overlap. What two places share by a YAML alias is edited once."""
        edit = Edit(begin, end, text)
        if edit not in self.edits:
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
    def line_break(self) -> str:
        """The line break of this text."""
        return "\r\n" if "\r\n" in self.text else "\n"


@dataclass(frozen=True)
class Edit:
    """A part of a text and what is to stand there instead."""

    begin: int
    end: int
    text: str


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
    plain = _plain(text)
    try:
        root = yaml.compose(plain, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        said = getattr(error, "problem", None) or str(error) or "it is nested too deeply"
        raise WrongUsageError(f"{name}{where} is neither JSON nor YAML: {said}.") from error
    if root is None:
        raise WrongUsageError(f"{name} is empty.")
    return Source(name, text, root)


def _plain(text: str) -> str:
    """The text with everything in its place, less what YAML does not know of JSON as it is written."""
    if not _LIKE_JSON.match(text):
        return text
    # JSON may be indented with tabs, which YAML does not know; a blank is as wide
    return _NO_JSON.sub(_as_wide, text).replace("\t", " ")


def _as_wide(found: re.Match[str]) -> str:
    if found["kept"]:
        return found["kept"]
    return re.sub(r"[^\r\n]", "1" if found["value"] else " ", found[0])


def members(node: Node | None) -> dict[str, Node]:
    """The members of a mapping by name; nothing of what is none."""
    if not isinstance(node, MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, ScalarNode)}


def key_of(node: MappingNode, name: str) -> ScalarNode:
    """The key node of a member that is there."""
    return next(key for key, _ in node.value if isinstance(key, ScalarNode) and key.value == name)


def stands_at(source: Source, node: MappingNode, name: str) -> bool:
    """True if a member's value is written beside its key, and not elsewhere, as that of an alias is."""
    key, value = key_of(node, name), members(node)[name]
    return source.text[key.end_mark.index : value.start_mark.index].strip() == ":"


def entries(node: Node | None) -> list[Node]:
    """The entries of a list; nothing of what is none."""
    return list(node.value) if isinstance(node, SequenceNode) else []


def text_of(node: Node | None) -> str | None:
    """A scalar's text, that of `{"Fn::Sub": text}` too; None of anything else."""
    if isinstance(node, ScalarNode):
        return str(node.value)
    inner = members(node)
    return text_of(inner["Fn::Sub"]) if list(inner) == ["Fn::Sub"] else None


def number_of(node: Node | None) -> int | None:
    """A scalar's integer; None of anything else."""
    text = text_of(node)
    return int(text) if text and text.isdecimal() else None


def value_of(node: Node | None) -> Any:
    """The value of a node, as far as a check needs it: texts, numbers, lists, mappings.

    What has a tag of CloudFormation's, such as `!Ref`, becomes what it is in JSON, such as `{"Ref": …}`.
    """
    if node is None:
        return None
    value = _untagged(node)
    if not node.tag.startswith("!"):
        return value
    name = node.tag.removeprefix("!")
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


def is_made_at_deployment(value: Any) -> bool:
    """True for a value that one of CloudFormation's intrinsic functions makes."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def _untagged(node: Node) -> Any:
    if isinstance(node, MappingNode):
        return {name: value_of(each) for name, each in members(node).items()}
    if isinstance(node, SequenceNode):
        return [value_of(each) for each in node.value]
    if isinstance(node, ScalarNode) and node.tag.startswith("tag:yaml.org,2002:") and node.style is None:
        try:
            return yaml.safe_load(node.value) if node.value else None
        except yaml.YAMLError:
            return node.value
    return node.value


def end_of(node: Node) -> int:
    """Where a node's own text ends; PyYAML lets a block end where the next thing begins."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return end_of(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    if isinstance(node, MappingNode):
        for _, value in node.value:
            yield from walk(value)
    elif isinstance(node, SequenceNode):
        for each in node.value:
            yield from walk(each)
