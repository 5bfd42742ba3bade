"""Reads what `lowpass accuracy` wrote; pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.report.facts import Accuracy, FrequencyBin

if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIX: Final = ".accuracy.json"
"""How the objects are called that a workflow leaves where it compares with the truth."""


class NoAccuracyError(ValueError):
    """Raised when a text is not a report of `lowpass accuracy`."""


def read_accuracy(text: str) -> dict[str, Accuracy]:
    """Reads a report and returns the accuracy of each sample in it.

    Raises:
        NoAccuracyError: it is no such report.
    """
    try:
        samples: Mapping[str, Any] = json.loads(text)["samples"]
        return {name: _accuracy(each) for name, each in samples.items()}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise NoAccuracyError(f"this is not a report of `lowpass accuracy`: {error!r}") from error


def _accuracy(each: Mapping[str, Any]) -> Accuracy:
    bins = tuple(_bin(one) for one in each["bins"])
    return Accuracy(_bin(each["common"]), bins, each.get("depth"))


def _bin(one: Mapping[str, Any]) -> FrequencyBin:
    return FrequencyBin(float(one["lower"]), float(one["upper"]), one["r2"])
