"""Turns the properties of a CloudFormation resource into a Batch request, guided by the API's own model.

A template writes `ContainerProperties`, Batch reads `containerProperties`. Which words are Batch's and which
are the user's (the keys of Parameters, Tags, log options) only the model can tell, so botocore's is followed.
It also says what is a number: a template's parameters are all text.
"""

from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from sluice_local.api_models.checking import service_model
from sluice_local.batch.model import RequestRefusedError

_READERS = {"integer": int, "long": int, "float": float, "double": float, "string": str}


def request_of(operation: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a template's properties into the request of a Batch operation such as `CreateJobQueue`.

    Raises:
        RequestRefusedError: a property that the request has no field for, or a value of the wrong kind.
    """
    shape = service_model("batch").operation_model(operation).input_shape
    assert isinstance(shape, StructureShape)
    return _translate_structure(properties, shape, "")


def _translate(value: Any, shape: Shape, path: str) -> Any:
    if isinstance(shape, StructureShape):
        return _translate_structure(_expect(value, Mapping, path), shape, path)
    if isinstance(shape, ListShape):
        entries = enumerate(_expect(value, list, path))
        return [_translate(entry, shape.member, f"{path}/{position}") for position, entry in entries]
    if isinstance(shape, MapShape):
        entries = _expect(value, Mapping, path).items()
        return {str(key): _translate(entry, shape.value, f"{path}/{key}") for key, entry in entries}
    return _translate_scalar(value, shape, path)


def _translate_structure(properties: Mapping[str, Any], shape: StructureShape, path: str) -> dict[str, Any]:
    words = {word.lower(): word for word in shape.members}
    translated = {}
    for name, value in properties.items():
        word = words.get(name.lower())
        if word is None:
            raise RequestRefusedError(f"Encountered unsupported property {path}/{name}")
        translated[word] = _translate(value, shape.members[word], f"{path}/{name}")
    return translated


def _translate_scalar(value: Any, shape: Shape, path: str) -> Any:
    if isinstance(value, Mapping | list):
        raise RequestRefusedError(f"{path} holds {value!r}; Batch expects a {shape.type_name}")
    if shape.type_name == "boolean":
        return str(value).lower() == "true"
    try:
        return _READERS[shape.type_name](value)
    except ValueError:
        raise RequestRefusedError(f"{path} is {value!r}; Batch expects a {shape.type_name}") from None


def _expect(value: Any, kind: type, path: str) -> Any:
    if not isinstance(value, kind):
        raise RequestRefusedError(f"{path or '/'} holds {value!r}; Batch expects a {kind.__name__.lower()}")
    return value
