"""Which fields a state may have, by its type and its query language.

Sources: https://states-language.net/spec.html#state-type-table and
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html; a field that the type does not
know is refused, TimeoutSeconds of a Map among them.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sluice_local.states_language.problems import JSONATA, JSONPATH, Problem, Problems, State

_BASICS = frozenset({"Type", "Comment", "QueryLanguage"})
_DATA = _BASICS | {"InputPath", "OutputPath", "Output"}
_STEP = _DATA | {"Assign", "Next", "End"}
_WORK = _STEP | {"Parameters", "ResultSelector", "ResultPath", "Retry", "Catch"}
DISTRIBUTED_ONLY = frozenset(
    {
        "ItemReader",
        "ItemBatcher",
        "ResultWriter",
        "Label",
        "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
        "ToleratedFailureCount",
        "ToleratedFailureCountPath",
    }
)
"""https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html"""

FIELDS: Mapping[str, frozenset[str]] = {
    "Task": _WORK
    | {"Resource", "Arguments", "Credentials"}
    | {"TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"},
    "Pass": _STEP | {"Parameters", "Result", "ResultPath"},
    "Choice": _DATA | {"Assign", "Choices", "Default"},
    "Wait": _STEP | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Succeed": _DATA,
    "Fail": _BASICS | {"Error", "ErrorPath", "Cause", "CausePath"},
    "Parallel": _WORK | {"Branches", "Arguments"},
    "Map": _WORK
    | {"ItemProcessor", "Iterator", "ItemSelector", "ItemsPath", "Items"}
    | {"MaxConcurrency", "MaxConcurrencyPath"}
    | DISTRIBUTED_ONLY,
}
MACHINE = frozenset({"Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"})
BRANCH = frozenset({"Comment", "StartAt", "States", "QueryLanguage", "ProcessorConfig"})

_ONLY_JSONATA = frozenset({"Arguments", "Output", "Items", "Condition"})
_ONLY_JSONPATH = frozenset(
    {"InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector", "Result", "Variable"}
)
_TEXTS = ("Comment", "Resource", "Next", "Default", "StartAt", "Error", "Cause", "Label", "Timestamp")
_ONE_OF = (
    ("TimeoutSeconds", "TimeoutSecondsPath"),
    ("HeartbeatSeconds", "HeartbeatSecondsPath"),
    ("MaxConcurrency", "MaxConcurrencyPath"),
    ("ToleratedFailureCount", "ToleratedFailureCountPath"),
    ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    ("Error", "ErrorPath"),
    ("Cause", "CausePath"),
    ("ItemProcessor", "Iterator"),
    ("Items", "ItemReader"),
)


def field_problems(state: State) -> Problems:
    """Give the fields that the state may not have, and those that are of a wrong kind."""
    yield from unknown(state.body, FIELDS[state.kind], state.place)
    yield from of_other_language(state)
    yield from of_wrong_kind(state.body, state.place)
    for names in _ONE_OF:
        if all(name in state.body for name in names):
            yield Problem(
                f"There should only be one of the following fields: [{', '.join(names)}]", state.place
            )


def unknown(body: Mapping[str, Any], known: Collection[str], place: str) -> Problems:
    """Give the fields that are none of those known."""
    for name in body:
        if name not in known:
            yield Problem(f"Field '{name}' is not supported", place)


def of_other_language(state: State) -> Problems:
    """Give the fields that only the other query language has."""
    other, only = (
        (JSONPATH, lambda name: name in _ONLY_JSONPATH or name.endswith("Path"))
        if state.language == JSONATA
        else (JSONATA, lambda name: name in _ONLY_JSONATA)
    )
    for name in state.body:
        if only(name):
            yield Problem(
                f"The QueryLanguage is set to '{state.language}', but field '{name}' is only supported for "
                f"the '{other}' QueryLanguage",
                state.place,
            )


def of_wrong_kind(body: Mapping[str, Any], place: str) -> Problems:
    """Give the fields that must be text, or true or false, and are not."""
    for name in _TEXTS:
        if name in body and not isinstance(body[name], str):
            yield Problem("Expected value of type String", f"{place}/{name}")
    if not isinstance(body.get("End", True), bool):
        yield Problem("Expected value of type Boolean", f"{place}/End")
