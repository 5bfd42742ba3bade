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
        about: how the actions begin that it is there for, such as `sqs:`; others may use them on the way.
    """

    name: str
    run: Callable[[Scene], str | None]
    about: str = ""

    def distance(self, action: str) -> int:
        """How far it is from being about an action: 0 it is, 1 it is about none above all, 2 it is not."""
        if not self.about:
            return 1
        return 0 if action.startswith(self.about) else 2


def first_wrong(*checks: tuple[bool, str]) -> str | None:
    """Return what is said of the first check that does not hold."""
    return next((wrong for holds, wrong in checks if not holds), None)
