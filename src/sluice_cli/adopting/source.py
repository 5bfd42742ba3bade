"""A JSON or YAML text as its author wrote it: where each value stands, and edits that leave the rest."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

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
    """The value of a node without its tags, as far as a check needs it: texts, numbers, lists, mappings."""
    if isinstance(node, MappingNode):
        return {name: value_of(each) for name, each in members(node).items()}
    if isinstance(node, SequenceNode):
        return [value_of(each) for each in node.value]
    if isinstance(node, ScalarNode) and node.tag.startswith("tag:yaml.org,2002:") and node.style is None:
        try:
            return yaml.safe_load(node.value) if node.value else None
        except yaml.YAMLError:
            return node.value
    return None if node is None else node.value


def end_of(node: Node) -> int:
    """Where a node's own text ends; PyYAML lets a block end where the next thing begins."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return end_of(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def written(value: Any, *, quoted: bool) -> str:
    """Writes a value for a flow context, with JSON's quotes or as few as YAML needs."""
    if quoted:
        return json.dumps(value)
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("\n...\n").strip()


def insert_members(
    source: Source, node: MappingNode, after: str | None, given: Sequence[tuple[str, Any]]
) -> None:
    """Inserts members after one of a mapping, each in a line of its own if that is, or before its first.

    Before the first they share a line where braces allow it.
    """
    first = node.value[0][0]
    quoted = source.text[first.start_mark.index] == '"'
    lines = [f"{written(name, quoted=quoted)}: {written(value, quoted=quoted)}" for name, value in given]
    anchor = first if after is None else key_of(node, after)
    place = int(anchor.start_mark.index)
    indent = source.text[source.line_start(place) : place]
    own_line = source.begins_line(place)
    between = f"{source.line_break}{indent}" if own_line else " "
    if not node.flow_style:
        between = source.line_break + " " * anchor.start_mark.column
        if after is None:
            source.replace(place, place, "".join(line + between for line in lines))
        else:
            end = source.line_end(end_of(members(node)[after]))
            source.replace(end, end, "".join(between + line for line in lines))
    elif after is None:
        source.replace(place, place, f"{', '.join(lines)},{between}")
    else:
        end = end_of(members(node)[after])
        source.replace(end, end, "".join(f",{between}{line}" for line in lines))


def remove_members(source: Source, node: MappingNode, names: Collection[str]) -> None:
    """Takes members out of a mapping, with their lines where they have some of their own."""
    gone = [key.value in names for key, _ in node.value]
    if not node.flow_style:
        for (key, value), is_gone in zip(node.value, gone, strict=True):
            if is_gone:
                end = source.line_end(end_of(value)) + len(source.line_break)
                source.replace(source.line_start(int(key.start_mark.index)), min(end, len(source.text)), "")
        return
    begins = [int(key.start_mark.index) for key, _ in node.value]
    last = max((at for at, is_gone in enumerate(gone) if not is_gone), default=-1)
    for at in range(last):
        if gone[at]:
            source.replace(begins[at], begins[at + 1], "")
    if last < len(gone) - 1:
        start = end_of(node.value[last][1]) if last >= 0 else begins[0]
        source.replace(start, end_of(node.value[-1][1]), "")


def edit_list(source: Source, node: SequenceNode, *, first: Any = None, keep: Sequence[bool]) -> None:
    """Puts an entry before those of a list, unless it is None, and takes out those that are not kept."""
    if not node.value:
        if first is not None:
            source.replace(node.start_mark.index, node.end_mark.index, f"[{written(first, quoted=True)}]")
    elif node.flow_style:
        _edit_flow_list(source, node, first, keep)
    else:
        _edit_block_list(source, node, first, keep)


def _edit_flow_list(source: Source, node: SequenceNode, first: Any, keep: Sequence[bool]) -> None:
    begins = [int(each.start_mark.index) for each in node.value]
    ends = [end_of(each) for each in node.value]
    quoted = '"' in source.text[begins[0] : ends[0]]
    text = "" if first is None else written(first, quoted=quoted)
    kept = [at for at, is_kept in enumerate(keep) if is_kept]
    if not kept:
        source.replace(begins[0], ends[-1], text)
        return
    line = source.text[source.line_start(begins[0]) : begins[0]]
    between = f",{source.line_break}{line}" if source.begins_line(begins[0]) else ", "
    if text or kept[0]:
        source.replace(begins[0], begins[kept[0]], f"{text}{between}" if text else "")
    for at, following in zip(kept, [*kept[1:], len(keep)], strict=True):
        if following > at + 1:
            source.replace(ends[at], ends[following - 1], "")


def _edit_block_list(source: Source, node: SequenceNode, first: Any, keep: Sequence[bool]) -> None:
    starts = [_dash_line(source, node, each) for each in node.value]
    after = source.line_end(end_of(node)) + len(source.line_break)
    for start, end, is_kept in zip(starts, [*starts[1:], min(after, len(source.text))], keep, strict=True):
        if not is_kept:
            source.replace(start, end, "")
    if first is not None or not any(keep):
        line = "  []" if first is None else f"- {written(first, quoted=False)}"
        source.replace(starts[0], starts[0], f"{' ' * node.start_mark.column}{line}{source.line_break}")


def _dash_line(source: Source, node: SequenceNode, entry: Node) -> int:
    """Where the line with an entry's dash begins; the entry itself may begin in a later one."""
    at, column = source.line_start(int(entry.start_mark.index)), int(node.start_mark.column)
    while at > node.start_mark.index and source.text[at : at + column + 1] != f"{' ' * column}-":
        at = source.line_start(at - 1)
    return at


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    if isinstance(node, MappingNode):
        for _, value in node.value:
            yield from walk(value)
    elif isinstance(node, SequenceNode):
        for each in node.value:
            yield from walk(each)
