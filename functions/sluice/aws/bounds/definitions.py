"""The job definitions within bounds: the template keeps them in a parameter of Systems Manager."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.arns import matches_definition
from sluice.aws.bounds.asked import AskedBounds
from sluice.aws.errors import translated

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(kw_only=True)
class ParameterDefinitions(AskedBounds):
    """The job definitions that a parameter names.

    Attributes:
        deployed: what the function's own deployment said, which costs no call.
    """

    client: Callable[[], Any]
    parameter: str
    deployed: tuple[str, ...]

    def has(self, name: str, known: tuple[str, ...]) -> bool:
        """What was allowed once is left to IAM."""
        return matches_definition(name, (*self.deployed, *known))

    def read(self) -> tuple[str, ...]:
        """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html."""
        with translated():
            answer = self.client().get_parameter(Name=self.parameter)
        return tuple(answer["Parameter"]["Value"].split(","))
