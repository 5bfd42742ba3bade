"""A template as CloudFormation sees it with some parameters: what exists, and with which values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import yaml

from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MARKS: Final = ("ActivityPoller", "ProbeActivityFunction", "SubmitJobsFunction")
"""Resources by which Sluice's template is known, and of which its idle cost is counted."""

NO_VALUE: Final = "AWS::NoValue"


class _Loader(yaml.SafeLoader):
    """Reads the short forms of CloudFormation's functions, `!Ref` and the like, as the long ones."""


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: text.split(".", 1) if name == "Fn::GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise WrongUsageError(f"the template has a !{suffix} that cannot be read")


_Loader.add_multi_constructor("!", _function)


@dataclass(frozen=True)
class Deployment:
    """A template with its parameters.

    Attributes:
        template: what the file says.
        given: parameters that differ from their defaults.
    """

    template: Mapping[str, Any]
    given: Mapping[str, str]

    def resources(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The resources of a type that are made: name and properties."""
        for name, each in self.template["Resources"].items():
            if each["Type"] == kind and ("Condition" not in each or self._holds(each["Condition"])):
                properties: Mapping[str, Any] = self.value(each.get("Properties", {}))
                yield name, properties

    def value(self, node: Any) -> Any:
        """A value with its parameters and conditions put in; what a resource gives stands as it is."""
        if isinstance(node, list):
            values = [self.value(each) for each in node]
            return [each for each in values if each != {"Ref": NO_VALUE}]
        if not isinstance(node, dict):
            return node
        match node:
            case {"Ref": str(name)} if name in self.parameters:
                return self.parameters[name]
            case {"Fn::If": [name, yes, no]}:
                return self.value(yes if self._holds(name) else no)
            case {"Fn::Sub": str(text)}:
                for name, given in self.parameters.items():
                    text = text.replace(f"${{{name}}}", str(given))
                return text
        values_by_name = {name: self.value(each) for name, each in node.items()}
        return {name: each for name, each in values_by_name.items() if each != {"Ref": NO_VALUE}}

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """All parameters by name."""
        wanted = self.template.get("Parameters", {})
        for name in self.given:
            if name not in wanted:
                raise WrongUsageError(f"{name} is not a parameter of it; there are {', '.join(wanted)}.")
            _check_value(name, self.given[name], wanted[name])
        return {name: self.given.get(name, each.get("Default", "")) for name, each in wanted.items()}

    def _holds(self, name: str) -> bool:
        return self._is_true(self.template["Conditions"][name])

    def _is_true(self, node: Any) -> bool:
        match node:
            case {"Fn::Equals": [one, other]}:
                return self._text(one) == self._text(other)
            case {"Fn::Not": [inner]}:
                return not self._is_true(inner)
            case {"Fn::And": [*inner]}:
                return all(self._is_true(each) for each in inner)
            case {"Fn::Or": [*inner]}:
                return any(self._is_true(each) for each in inner)
            case {"Condition": str(name)}:
                return self._holds(name)
        raise WrongUsageError(f"the template has a condition that cannot be read: {node!r}")

    def _text(self, node: Any) -> str:
        match node:
            case {"Fn::Select": [index, inner]}:
                return str(self.value(inner)).split(",")[int(index)]
        return str(self.value(node))


def _check_value(name: str, given: str, declared: Mapping[str, Any]) -> None:
    """Holds a value to what the template allows, as CloudFormation does."""
    allowed = [_as_cloudformation(each) for each in declared.get("AllowedValues", (given,))]
    if given not in allowed:
        raise WrongUsageError(f"{name} is {given!r}; it must be one of {', '.join(allowed)}.")
    if declared.get("Type") != "Number":
        return
    try:
        number = float(given)
    except ValueError:
        raise WrongUsageError(f"{name} is {given!r}: not a number.") from None
    least, most = declared.get("MinValue", -math.inf), declared.get("MaxValue", math.inf)
    if not least <= number <= most:
        bounds = f"at least {least}" if most == math.inf else f"{least} to {most}"
        raise WrongUsageError(f"{name} is {given}; it must be {bounds}.")


def _as_cloudformation(value: object) -> str:
    """A value as CloudFormation compares it: as text, `true` and not `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_template(text: str) -> Mapping[str, Any]:
    """Reads Sluice's template in YAML.

    Raises:
        WrongUsageError: it is none.
    """
    try:
        found = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader that knows a few tags more
    except yaml.YAMLError as error:
        raise WrongUsageError(f"the template is not valid YAML: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("Resources"), dict):
        raise WrongUsageError("the template has no Resources; give Sluice's template.yaml.")
    missing = [name for name in MARKS if name not in found["Resources"]]
    if missing or "Function" not in (found.get("Globals") or {}):
        raise WrongUsageError(
            f"the template is not Sluice's: it has no {missing[0] if missing else 'Globals'}. Give the "
            "template.yaml of a checkout of Sluice with --template."
        )
    return found
