"""Map and Parallel states.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html,
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html and
https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sluice_local.states_language.fields import DISTRIBUTED_ONLY
from sluice_local.states_language.problems import Problem, Problems, State

_LABEL = re.compile(r"[\w-]{1,40}")
_MODES = ("INLINE", "DISTRIBUTED")
_EXECUTION_TYPES = ("STANDARD", "EXPRESS")


def branches_of(state: State) -> Iterator[tuple[str, Any]]:
    """Give the machines within a state, each with the place where it stands."""
    for field in ("ItemProcessor", "Iterator"):
        if state.kind == "Map" and field in state.body:
            yield f"{state.place}/{field}", state.body[field]
    branches = state.body.get("Branches")
    if state.kind == "Parallel" and isinstance(branches, list):
        for number, branch in enumerate(branches):
            yield f"{state.place}/Branches[{number}]", branch


def map_problems(state: State) -> Problems:
    """Give what is wrong with the frame of a Map or Parallel state; what is within is checked by itself."""
    if state.kind == "Parallel":
        if not isinstance(state.body.get("Branches"), list) or not state.body["Branches"]:
            yield Problem("A list of at least one branch is needed", f"{state.place}/Branches")
        return
    if not state.body.keys() & {"ItemProcessor", "Iterator"}:
        yield Problem("Missing field 'ItemProcessor'", state.place)
    yield from _processor(state)


def _processor(state: State) -> Problems:
    field = "Iterator" if "Iterator" in state.body else "ItemProcessor"
    processor = state.body.get(field)
    config = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    config = config if isinstance(config, Mapping) else {}
    place = f"{state.place}/{field}/ProcessorConfig"
    mode = config.get("Mode", "INLINE")
    if mode not in _MODES:
        yield Problem(f"Value is not one of {list(_MODES)}", f"{place}/Mode")
    if mode == "DISTRIBUTED" and config.get("ExecutionType") not in _EXECUTION_TYPES:
        yield Problem(f"ExecutionType must be one of {list(_EXECUTION_TYPES)}", place)
    if mode == "INLINE":
        for name in sorted(state.body.keys() & DISTRIBUTED_ONLY):
            yield Problem(f"Field '{name}' is for Maps whose Mode is DISTRIBUTED", state.place)
    label = state.body.get("Label")
    if isinstance(label, str) and _LABEL.fullmatch(label) is None:
        yield Problem(
            f"Label {label!r} must be 1 to 40 of A-Z a-z 0-9 _ -", state.place, "INVALID_LABEL_NAME"
        )
