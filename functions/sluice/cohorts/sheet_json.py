"""Reads JSON Lines, an object a line, and says what is wrong with each; pure."""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NoReturn

from sluice.cohorts.sheet_cells import Problem
from sluice.schema import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ONE_A_LINE: Final = "JSON Lines has one object a line"

_WORDS: Final = {
    "Extra data": "there is more behind the object",
    "Expecting value": "no value is there, or one that JSON does not know",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
}
"""What Python says of JSON, in words that need none of Python's."""


def json_lines(lines: Sequence[str], problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields the number and the object of each line that is not blank, and adds what is wrong."""
    first = next((line.strip() for line in lines if line.strip()), "")
    complaint = _complaint_of_all(first)
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
        if isinstance(fields, dict):
            yield number, fields
        else:
            problems.append(Problem(number, None, f"it is {shown(fields)}; a sample is a JSON object"))


def _complaint_of_all(first: str) -> str | None:
    """What the first line says of the whole sheet, if it is no JSON Lines."""
    if first.startswith("["):
        return f"it is a JSON array; {ONE_A_LINE}: jq -c '.[]' RUN.json > RUN.jsonl"
    if first == "{":
        return f"it is JSON over several lines; {ONE_A_LINE}: jq -c . RUN.json > RUN.jsonl"
    if first and not first.startswith("{") and not _is_json(first):
        return "it is no JSON; the name of a CSV ends in .csv"
    return None


def _is_json(line: str) -> bool:
    try:
        _parsed(line)
    except (ValueError, RecursionError):
        return False
    return True


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
    if line.rstrip().endswith(","):
        return "it ends with a comma; JSON Lines has none between its lines"
    if isinstance(error, RecursionError):
        return "not valid JSON: too deep"
    if isinstance(error, json.JSONDecodeError):
        says = _WORDS.get(error.msg, f"{error.msg[0].lower()}{error.msg[1:]}")
        return f"not valid JSON at column {error.colno}: {says}"
    return f"not valid JSON: {error}"
