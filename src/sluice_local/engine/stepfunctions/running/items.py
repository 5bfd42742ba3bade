"""What a Map runs over: its items, the input made for each, and the numbers that its fields give.

AWS: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html and
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html#distributed-map-additional-fields.
An ItemsPath has to lead to an array, https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemspath.html.
"""

import json
from collections.abc import Iterator
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.stepfunctions.language.install import failure, runtime_error
from sluice_local.engine.stepfunctions.running.branch import Branch
from sluice_local.engine.stepfunctions.running.machine import State, is_jsonata

_MODULE = "services.stepfunctions"


def processor_of(state: State) -> State:
    """Return what a Map runs for each item; `Iterator` is its older name."""
    processor: State = state.get("ItemProcessor") or state["Iterator"]
    return processor


def effective_input(state: State, data: Any, context: State) -> Any:
    """Return what a Map's fields refer to."""
    if is_jsonata(state, context):
        return data
    return ministack.private(f"{_MODULE}._apply_input_path")(state, data, context)


def items_of(state: State, data: Any, context: State) -> list[Any]:
    """Return the items that a Map's input gives; `data` is its effective input."""
    if is_jsonata(state, context):
        given = {"Items": data, **state}
        found = ministack.private(f"{_MODULE}._jsonata_state_field")(given, "Items", "array", data, context)
    else:
        path = state.get("ItemsPath", "$")
        found = ministack.private(f"{_MODULE}._resolve_path_or_ctx")(path, data, context)
        if not isinstance(found, list):
            raise runtime_error(f"Reference path '{path}' must point to array.")
    return list(found)


def with_item(context: State, index: int, item: Any) -> State:
    """Return the context object in which the input of one item is made."""
    return {**context, "Map": {"Item": {"Index": index, "Value": item}}}


def item_input(state: State, data: Any, item: Any, context: State) -> Any:
    """Return the input of one item: what ItemSelector, or Parameters as it was called, makes of it."""
    selector = state.get("ItemSelector") or state.get("Parameters")
    if not selector:
        return item
    fill = "_apply_jsonata_template" if is_jsonata(state, context) else "_resolve_params_obj"
    return ministack.private(f"{_MODULE}.{fill}")(selector, data, context)


def number_of(state: State, field: str, data: Any, branch: Branch) -> float | None:
    """Return a number that a field gives, by itself, by path or as JSONata; None if it is not there."""
    context = branch.context
    if f"{field}Path" in state:
        path = state[f"{field}Path"]
        found = ministack.private(f"{_MODULE}._resolve_path_or_ctx")(path, data, context)
    elif field in state:
        found = ministack.private(f"{_MODULE}._apply_jsonata_template")(state[field], data, context)
    else:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or found < 0:
        raise runtime_error(f"The {field} field refers to value {found!r}, which is no number of 0 or more.")
    return found


def read_items(state: State, given: Any, context: State) -> list[Any]:
    """Return the items of a Distributed Map, from its input or what ItemReader reads."""
    reader = state.get("ItemReader")
    if not reader:
        return items_of(state, given, context)
    if is_jsonata(state, context):
        template = ministack.private(f"{_MODULE}._apply_jsonata_template")
        reader = template({**reader, "Parameters": reader.get("Arguments") or {}}, given, context)
    items = ministack.private(f"{_MODULE}._read_map_items")(reader, given, context)
    if not isinstance(items, list):
        raise failure("States.ItemReaderFailed", "Attempting to map over non-iterable node.")
    return items


def child_inputs(state: State, given: Any, items: list[Any], parent: Branch) -> Iterator[tuple[Any, int]]:
    """Give the input of each child and the number of its items."""
    inputs = [
        item_input(state, given, item, with_item(parent.context, number, item))
        for number, item in enumerate(items)
    ]
    batcher = state.get("ItemBatcher")
    if batcher is None:
        yield from ((each, 1) for each in inputs)
        return
    size = int(number_of(batcher, "MaxItemsPerBatch", given, parent) or len(inputs) or 1)
    bytes_max = number_of(batcher, "MaxInputBytesPerBatch", given, parent)
    fill = "_apply_jsonata_template" if is_jsonata(state, parent.context) else "_resolve_params_obj"
    shared = {}
    if "BatchInput" in batcher:
        shared["BatchInput"] = ministack.private(f"{_MODULE}.{fill}")(
            batcher["BatchInput"], given, parent.context
        )
    for batch in _batches(inputs, size, bytes_max):
        yield {**shared, "Items": batch}, len(batch)


def _batches(inputs: list[Any], size: int, bytes_max: float | None) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for each in inputs:
        is_full = len(batch) == size or (
            bytes_max is not None and len(json.dumps([*batch, each])) > bytes_max
        )
        if batch and is_full:
            yield batch
            batch = []
        batch.append(each)
    if batch:
        yield batch
