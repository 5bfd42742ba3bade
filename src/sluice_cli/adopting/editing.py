"""Edits of a JSON or YAML text that leave everything else as its author wrote it."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import yaml
from yaml.nodes import ScalarNode

from sluice_cli.adopting.source import TEXT, body_start, end_of, key_of, members, span_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from yaml.nodes import MappingNode, Node, SequenceNode

    from sluice_cli.adopting.source import Source


def written(value: Any, *, quoted: bool) -> str:
    """Writes a value for a flow context, with JSON's quotes or as few as YAML needs."""
    if quoted:
        return json.dumps(value)
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("\n...\n").strip()


_NOT_PLAIN: Final = re.compile(r"[\[\]{},]")
"""What no plain text within braces has."""


def replace_text(source: Source, node: Node, text: str, *, in_flow: bool, is_filled: bool = True) -> None:
    """Writes a text in the place of another, in its quotes.

    An anchor of YAML's stays; `!Sub` and `Fn::Sub` stay with a text that has placeholders, and come where
    another of CloudFormation's functions made the text, or where nothing else fills them in (`is_filled`).
    """
    has_placeholders = "${" in text
    is_substituted = node.tag == "!Sub" or "Fn::Sub" in members(node)
    if has_placeholders:
        node = members(node).get("Fn::Sub", node)
    is_text = isinstance(node, ScalarNode) and node.tag in (TEXT, "!Sub")
    begin = body_start(source, node, past_tag=has_placeholders and is_text)
    quote = source.text[body_start(source, node)]
    plain = quote not in "\"'[{" and not (in_flow and _NOT_PLAIN.search(text))
    new = written(text, quoted=True)
    if is_text and plain:
        new = text
    elif quote == "'" and "'" not in text:
        new = f"'{text}'"
    if has_placeholders and not (is_text and (is_filled or is_substituted)):
        new = f'{{"Fn::Sub": {new}}}' if source.is_json else f"!Sub {new}"
    source.replace(begin, end_of(node), new)


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
    """Takes members of its own out of a mapping, with their lines where they have some of their own."""
    gone = [key.value in names for key, _ in node.value]
    if node.flow_style:
        for is_gone, run in groupby(range(len(gone)), gone.__getitem__):
            if is_gone:
                _remove_run(source, node, list(run))
        return
    _remove_lines(source, [span_of(node, at) for at, is_gone in enumerate(gone) if is_gone])


def _remove_lines(source: Source, places: Iterable[tuple[int, int]]) -> None:
    """Takes out lines; the last of a text, if nothing ends it, takes the line break before it along."""
    spans: list[list[int]] = []
    for first, last in places:
        begin, end = source.line_start(first), source.line_end(last) + len(source.line_break)
        if spans and spans[-1][1] == begin:
            spans[-1][1] = end
        else:
            spans.append([begin, end])
    for begin, end in spans:
        is_last = end > len(source.text) and begin > 0
        source.replace(begin - len(source.line_break) * is_last, min(end, len(source.text)), "")


def _remove_run(source: Source, node: MappingNode, run: list[int]) -> None:
    """Takes neighbours out of braces with the comma on one side, but no comment beside them."""
    begin, end = span_of(node, run[0])[0], span_of(node, run[-1])[1]
    before = span_of(node, run[0] - 1)[1] if run[0] else begin
    after = span_of(node, run[-1] + 1)[0] if run[-1] + 1 < len(node.value) else end
    if run[0] and source.text[before:begin].strip() == ",":
        begin = before
    elif source.text[end:after].strip() == ",":
        end = after
    elif run[0] and after == end:
        begin = source.text.index(",", before)
    elif after > end:
        end = source.text.index(",", end) + 1
    source.replace(begin, end, "")


def edit_list(source: Source, node: SequenceNode, *, first: Any = None, keep: Sequence[bool]) -> None:
    """Puts an entry before those of a list, unless it is None, and takes out those that are not kept."""
    if not node.value:
        if first is not None:
            source.replace(
                body_start(source, node), int(node.end_mark.index), f"[{written(first, quoted=True)}]"
            )
    elif node.flow_style:
        _edit_flow_list(source, node, first, keep)
    else:
        _edit_block_list(source, node, first, keep)


def _edit_flow_list(source: Source, node: SequenceNode, first: Any, keep: Sequence[bool]) -> None:
    begins, ends = zip(*(span_of(node, at) for at in range(len(node.value))), strict=True)
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
    first_dash = body_start(source, node)
    column = first_dash - source.line_start(first_dash)
    starts = [_dash_line(source, first_dash, column, span_of(node, at)[0]) for at in range(len(node.value))]
    after = source.line_end(end_of(node)) + len(source.line_break)
    for start, end, is_kept in zip(starts, [*starts[1:], min(after, len(source.text))], keep, strict=True):
        if not is_kept:
            source.replace(start, end, "")
    if first is not None or not any(keep):
        line = "  []" if first is None else f"- {written(first, quoted=False)}"
        source.replace(starts[0], starts[0], f"{' ' * column}{line}{source.line_break}")


def _dash_line(source: Source, first_dash: int, column: int, entry: int) -> int:
    """Where the line with an entry's dash begins; the entry itself may begin in a later one."""
    at = source.line_start(entry)
    while at > first_dash and source.text[at : at + column + 1] != f"{' ' * column}-":
        at = source.line_start(at - 1)
    return at
