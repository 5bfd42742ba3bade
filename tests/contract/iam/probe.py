"""What a probe is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.iam.scene import Scene


@dataclass(frozen=True)
class Probe:
    """The smallest thing that a user would see go wrong.

    Attributes:
        name: what is to happen.
        run: does it; returns what went wrong, None if nothing did.
    """

    name: str
    run: Callable[[Scene], str | None]


def first_wrong(*checks: tuple[bool, str]) -> str | None:
    """Return what is said of the first check that does not hold."""
    return next((wrong for holds, wrong in checks if not holds), None)
