"""Edits of a JSON or YAML text that leave everything else as its author wrote it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from sluice_cli.adopting.source import end_of, key_of, members

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from yaml.nodes import MappingNode, Node, SequenceNode

    from sluice_cli.adopting.source import Source


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
