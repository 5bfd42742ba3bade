"""Reads JSON Lines, an object a line, and says what is wrong with each; pure."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NoReturn

from sluice.cohorts.sheet_cells import SAMPLE, Problem, comment_complaint, like_sample, unseen_complaint
from sluice.schema import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ONE_A_LINE: Final = "JSON Lines has one object a line"

_JQ: Final = "jq -c '%s' RUN.json > RUN.jsonl"
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_TYPOGRAPHIC: Final = re.compile("[\u00ab\u00bb\u2018-\u201f]")

_WORDS: Final = {
    "Extra data": "there is more behind the object",
    "Expecting value": "no value is there, or one that JSON does not know",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
}
"""What Python says of JSON, in words that need none of Python's."""


def json_lines(lines: Sequence[str], problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields the number and the object of each line that is not blank, and adds what is wrong."""
    complaint = _complaint_of_all([line.strip() for line in lines if line.strip()])
    if complaint:
        problems.append(Problem(0, None, complaint))
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            fields = _parsed(line)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(number, None, _short(line, error)))
            continue
        if not isinstance(fields, dict):
            problems.append(Problem(number, None, f"it is {shown(fields)}; a sample is a JSON object"))
            continue
        problems += [Problem(number, shown(name), says) for name, says in _name_complaints(fields)]
        yield number, fields


def _name_complaints(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in fields:
        if not name.strip():
            yield name, f"it is {shown(fields[name])} in a field without a name"
        elif name != name.strip():
            yield name, "its name has blanks round it; take them out"


def _complaint_of_all(filled: Sequence[str]) -> str | None:
    """What the sheet is, by the lines that are not blank, if it is no JSON Lines."""
    first = next((line for line in filled if not comment_complaint(line)), "")
    if not first or (len(filled) > 1 and first.startswith("{") and _json(first) is not None):
        return None
    whole = _json("\n".join(filled))
    if first.startswith("["):
        names_only = isinstance(whole, list) and all(isinstance(each, str) for each in whole)
        return f"it is a JSON array; {ONE_A_LINE}: {_JQ % ('.[] | {sample: .}' if names_only else '.[]')}"
    if isinstance(whole, dict) and SAMPLE not in whole and (samples := _samples_within(whole)):
        return f"it is one JSON object with all samples; {ONE_A_LINE}: {_JQ % samples}"
    if first == "{" or (isinstance(whole, dict) and len(filled) > 1):
        return f"it is JSON over several lines; {ONE_A_LINE}: {_JQ % '.'}"
    if not first.startswith("{") and _json(first) is None and not unseen_complaint(first):
        return "it is no JSON; the name of a CSV ends in .csv"
    return None


def _samples_within(whole: Mapping[str, Any]) -> str | None:
    """What jq makes the samples of an object with: from a list under a name, or from a name for each."""
    if whole and all(isinstance(each, dict) for each in whole.values()):
        return "to_entries[] | {sample: .key} + .value"
    lists = [name for name, each in whole.items() if _is_list_of_samples(each)]
    return f".{lists[0]}[]" if len(lists) == 1 and _WORD.fullmatch(lists[0]) else None


def _is_list_of_samples(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, dict) and (SAMPLE in first or like_sample(first) is not None)


def _json(text: str) -> Any:
    """The value that a text is; None if it is no JSON."""
    try:
        return _parsed(text)
    except (ValueError, RecursionError):
        return None


def _parsed(line: str) -> Any:
    return json.loads(
        line,
        parse_constant=_refuse_number,
        parse_float=_number,
        parse_int=_whole,
        object_pairs_hook=_object,
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise ValueError(f"the name {shown(twice)} is there twice")
    return fields


def _number(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _refuse_number(text)


def _whole(text: str) -> int:
    return int(text) if isfinite(float(text)) else _refuse_number(text)


def _refuse_number(text: str) -> NoReturn:
    few = text if len(text) <= 20 else f"{text[:20]}… of {len(text)} characters"
    raise ValueError(f"{few} is not a JSON number" if text.isalpha() else f"{few} is too large a number")


def _short(line: str, error: Exception) -> str:
    comment = comment_complaint(line)
    if comment:
        return comment
    if line.rstrip().endswith(","):
        return "it ends with a comma; JSON Lines has none between its lines"
    if isinstance(error, RecursionError):
        return "not valid JSON: too deep"
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON at column {error.colno}: {_at(line, error)}"
    return f"not valid JSON: {error}"


def _at(line: str, error: json.JSONDecodeError) -> str:
    """What is wrong where a line stops being JSON."""
    char = line[error.pos : error.pos + 1]
    if _TYPOGRAPHIC.match(char):
        return f'{char} is a typographic quote; JSON has straight ones: "'
    return unseen_complaint(char) or _WORDS.get(error.msg, f"{error.msg[0].lower()}{error.msg[1:]}")
