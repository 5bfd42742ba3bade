"""What botocore's model of Batch has against a SubmitJob, in the words of JSON, which its sender wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from botocore.validate import ParamValidator, ValidationErrors

from sluice.schema import did_you_mean, joined, listed, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from botocore.model import ServiceModel

MAX_COMPLAINT: Final = 1_200
"""Characters that are kept of all complaints of a job together."""

_JSON_KINDS: Final = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "dict": "an object",
    "list": "a list",
}
"""JSON's kinds of values, by the names of Python's types."""


def submit_job_complaint(model: ServiceModel, request: Mapping[str, Any]) -> str | None:
    """Says in plain ASCII all that botocore's model of Batch has against SubmitJob's arguments."""
    shape: Any = model.operation_model("SubmitJob").input_shape
    said = _Validator().validate(request, shape).says
    if not said:
        return None
    text = "\n".join(said)
    half = MAX_COMPLAINT // 2
    return text if len(text) <= MAX_COMPLAINT else f"{text[:half]} … {text[-half:]}"


class _Complaints(ValidationErrors):
    """Errors as botocore finds them, a sentence each in `says`."""

    def __init__(self) -> None:
        super().__init__()
        self.says: list[str] = []

    def report(self, name: str, reason: str, **said: Any) -> None:
        path = name.removeprefix(".").encode("ascii", errors="backslashreplace").decode()
        self.says.append(_sentence(path, reason, said))


class _Validator(ParamValidator):
    """Botocore's own check, with sentences of ours."""

    def validate(self, params: Any, shape: Any) -> _Complaints:
        errors = _Complaints()
        self._validate(params, shape, errors, name="")  # type: ignore[attr-defined]  # not in its types
        return errors


def _sentence(path: str, reason: str, said: Mapping[str, Any]) -> str:
    if reason == "unknown field":
        return _unknown(path, said["unknown_param"], said["valid_names"])
    if reason == "missing required field":
        return f"{joined(path, said['required_name'])} is missing"
    if reason == "invalid type":
        return f"{path} is {shown(said['param'])}; it must be {_kinds(said['valid_types'])}"
    if reason == "invalid range":
        return f"{path} is {shown(said['param'])}; it must be {said['min_allowed']} or more"
    if reason == "invalid length":
        return f"{path} is too short; its length must be {said['min_allowed']} or more"
    return f"{path or 'the job'}: {reason}"


def _unknown(path: str, name: str, known: Sequence[str]) -> str:
    near = did_you_mean(name, known)
    return f"{joined(path, name)} is not a field; " + (
        f"did you mean {near}?" if near else f"there are: {listed(sorted(known))}"
    )


def _kinds(types: Sequence[str]) -> str:
    names = [found[0] for each in types if (found := re.search(r"\w+(?='>)", each))]
    kinds = [_JSON_KINDS[name] for name in names if name in _JSON_KINDS]
    return kinds[0] if kinds else " or ".join(names)
