"""The children of array jobs in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sluice_cli.aws.arrays import Child


def whose(child: Child, size: int | None) -> str:
    """Which child it is, by the index that `sluice logs --index` takes."""
    return f"child {child.index}" + (f" of {size}" if size else "")


def outcome(child: Child) -> str:
    """How a child failed, as the end of a sentence."""
    code = f" with exit code {child.exit_code}" if child.exit_code is not None else ""
    return f"{code} ({child.reason})" if child.reason else code


def failed_together(failed: Sequence[Child], size: int | None) -> str:
    """The first failed child of an array and how many others failed: `child 2 of 4, and 1 more`."""
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return f"{whose(failed[0], size)}{more}"
