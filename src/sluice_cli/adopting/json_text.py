"""JSON as people and templates write it, made YAML with everything in its place; pure."""

from __future__ import annotations

import json
import re
from typing import Final

_LIKE_JSON: Final = re.compile(r"\ufeff?(\s|//[^\n]*\n|/\*.*?\*/|%\{[^}]*\})*[{\[]", re.DOTALL)
_TOKEN: Final = re.compile(r'"|//[^\n]*|/\*.*?\*/|[$%]\{', re.DOTALL)
_IN_TEXT: Final = re.compile(r'\\.|"|\$\{', re.DOTALL)
_IN_PLACEHOLDER: Final = re.compile(r'\\.|"(?:\\.|[^"\\])*"|[{}]', re.DOTALL)
_DIRECTIVE: Final = re.compile(r"%\{[^}\n]*\}")
"""Terraform's, https://developer.hashicorp.com/terraform/language/expressions/strings#directives."""


def as_yaml(text: str) -> str:
    """The text as YAML can read it, every value at its place.

    JSON may have comments, and placeholders of Terraform's that stand for numbers and lists; Terraform's
    directives, `%{ if … }`, are left out.
    """
    if not _LIKE_JSON.match(text):
        return _DIRECTIVE.sub(lambda found: _blank(found[0]), text)
    # JSON may be indented with tabs, which YAML does not know; a blank is as wide
    return (text if _is_json(text) else _without_templating(text)).replace("\t", " ")


def _is_json(text: str) -> bool:
    try:
        json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def _without_templating(text: str) -> str:
    pieces, at = [], 0
    while found := _TOKEN.search(text, at):
        pieces.append(text[at : found.start()])
        begin, at = found.span()
        if found[0] == '"':
            piece, at = _text(text, begin)
        elif found[0] in ("${", "%{"):
            at = _closed(text, begin)
            piece = _blank(text[begin:at], "1" if found[0] == "${" else " ")
        else:
            piece = _blank(found[0])
        pieces.append(piece)
    return "".join((*pieces, text[at:]))


def _text(text: str, begin: int) -> tuple[str, int]:
    """A text in quotes, and where it ends; a placeholder in it may have quotes of its own."""
    pieces, at = ['"'], begin + 1
    while found := _IN_TEXT.search(text, at):
        pieces.append(text[at : found.start()])
        at = found.end()
        piece = found[0]
        if piece == "${":
            at = _closed(text, found.start())
            piece = re.sub(r'["\\]', "'", text[found.start() : at])
        pieces.append(piece)
        if piece == '"':
            return "".join(pieces), at
    return "".join((*pieces, text[at:])), len(text)


def _closed(text: str, begin: int) -> int:
    """Where a placeholder ends whose braces are balanced; behind its first brace if they are not."""
    depth, at = 1, begin + 2
    while found := _IN_PLACEHOLDER.search(text, at):
        at = found.end()
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if not depth:
            return at
    return begin + 2


def _blank(text: str, filling: str = " ") -> str:
    return re.sub(r"[^\r\n]", filling, text)
