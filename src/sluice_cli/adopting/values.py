"""What the nodes of a JSON or YAML text say, and what of it a deployment makes."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sluice_cli.adopting.source import members


def text_of(node: Node | None) -> str | None:
    """A scalar's text; None of anything else.

    Of a text that CloudFormation makes, its parts with `${placeholders}`, as Fn::Sub has them.
    """
    if isinstance(node, ScalarNode) and not node.tag.startswith("!"):
        return str(node.value)
    return _as_substituted(value_of(node)) if node is not None else None


def _as_substituted(value: Any) -> str | None:
    """What Fn::Sub would be given to make the same text."""
    match value:
        case str():
            return value
        case {"Ref": str(name)} | {"Fn::ImportValue": str(name)} | {"Fn::GetAtt": str(name)}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [str(resource), str(attribute)]}:
            return f"${{{resource}.{attribute}}}"
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
            return text
        case {"Fn::Join": [str(between), [*parts]]}:
            texts = [_as_substituted(each) for each in parts]
            return None if None in texts else between.join(map(str, texts))
    return None


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


_FUNCTION: Final = re.compile(r"Ref|Fn::\w+")


def is_made_at_deployment(value: Any) -> bool:
    """True for a value that one of CloudFormation's intrinsic functions makes."""
    return isinstance(value, dict) and len(value) == 1 and bool(_FUNCTION.fullmatch(next(iter(value))))


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
