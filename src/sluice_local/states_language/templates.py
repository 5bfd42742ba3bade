"""Payload templates and variables.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html,
https://states-language.net/spec.html#payload-template and
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html (names of variables)
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sluice_local.states_language.problems import JSONPATH, Problem, Problems, State

FUNCTIONS = frozenset(
    {
        "Array",
        "ArrayContains",
        "ArrayGetItem",
        "ArrayLength",
        "ArrayPartition",
        "ArrayRange",
        "ArrayUnique",
        "Base64Decode",
        "Base64Encode",
        "Format",
        "Hash",
        "JsonMerge",
        "JsonToString",
        "MathAdd",
        "MathRandom",
        "StringSplit",
        "StringToJson",
        "UUID",
    }
)
_TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials")
_CALL = re.compile(r"States\.(\w+)\(.*\)", re.DOTALL)
_QUOTED = re.compile(r"'(\\.|[^'\\])*'", re.DOTALL)
_NAMED = re.compile(r"States\.(\w+)\(")
_VARIABLE_LENGTH_MAX = 80


def template_problems(state: State) -> Problems:
    """Give what of a state's templates is neither a path nor a function, and the names of bad variables."""
    names = state.body.get("Assign")
    for name in names if isinstance(names, Mapping) else ():
        plain = name.removesuffix(".$") if state.language == JSONPATH else name
        if not plain.isidentifier() or len(plain) > _VARIABLE_LENGTH_MAX:
            yield Problem(f"'{plain}' is not a valid name of a variable", f"{state.place}/Assign")
    if state.language != JSONPATH:
        return
    for field in _TEMPLATES:
        yield from _dynamic(state.body.get(field), f"{state.place}/{field}")


def _dynamic(template: Any, place: str) -> Problems:
    if isinstance(template, Mapping):
        for name, value in template.items():
            if not name.endswith(".$"):
                yield from _dynamic(value, place)
            elif not isinstance(value, str) or not (value.startswith("$") or _is_call(value)):
                yield Problem(
                    f"The value for the field '{name}' must be a valid JSONPath or a valid intrinsic "
                    "function call",
                    place,
                )
    elif isinstance(template, list):
        for each in template:
            yield from _dynamic(each, place)


def _is_call(text: str) -> bool:
    """Tell whether a text calls functions that there are, with as many brackets closed as opened."""
    bare = _QUOTED.sub("''", text.strip())
    known = all(name in FUNCTIONS for name in _names(bare))
    return _CALL.fullmatch(bare) is not None and known and bare.count("(") == bare.count(")")


def _names(text: str) -> Iterator[str]:
    yield from _NAMED.findall(text)
