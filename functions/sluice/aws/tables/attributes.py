"""DynamoDB's attribute form: plain values are written in it, and read back."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.exceptions import ClientError


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Writes plain values in DynamoDB's attribute form."""
    return {name: _attribute(value) for name, value in values.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Reads plain values from DynamoDB's attribute form; numbers are Decimals."""
    return {name: _plain(attribute) for name, attribute in item.items()}


def refused_item(error: ClientError) -> Mapping[str, Any] | None:
    """The item that stood in the way of a conditional write; None if there is none."""
    response: Mapping[str, Any] = error.response
    return response.get("Item")


def _attribute(value: Any) -> dict[str, Any]:
    """Writes one of the kinds of value that Sluice keeps.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
    """
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return {"N": str(value)}
    if isinstance(value, dict):
        return {"M": to_item(value)}
    raise TypeError(
        f"an item holds texts, numbers and maps of these, not the {type(value).__name__} {value!r}"
    )


def _plain(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    if kind == "M":
        return from_item(value)
    return Decimal(value) if kind == "N" else value
