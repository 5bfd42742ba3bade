"""The windows of a panel as children of an array job: which is whose, and the names of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowpass.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

# what stands for a window's number in the name of its file
PLACEHOLDER = "{window}"
# Batch gives it to each child, from 0 on: <https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html>
INDEX_VARIABLE = "AWS_BATCH_JOB_ARRAY_INDEX"


class ArrayJobError(ArgumentError):
    """Raised when it is not clear which window is meant."""


def index_of(given: int | None, windows: int, environment: Mapping[str, str]) -> int:
    """Return the number of the window to impute.

    Args:
        given: what the user said, if anything.
        windows: how many there are.
        environment: of the process.

    Raises:
        ArrayJobError: when none is given, or there is no such window.
    """
    if windows == 1 and given is None:
        return 0
    text = environment.get(INDEX_VARIABLE, "") if given is None else str(given)
    if not text.isdecimal():
        raise ArrayJobError(
            f"which of the {windows} windows? Give --window, or run it in an array job of Batch"
        )
    if int(text) >= windows:
        raise ArrayJobError(
            f"there is no window {text}: {windows} windows have the numbers 0 to {windows - 1}"
        )
    return int(text)


def location_of(pattern: str, windows: int, index: int) -> str:
    """Return the path or URI of a window's file.

    Args:
        pattern: the path or URI, with `{window}` in the place of the number.
        windows: how many there are.
        index: the window's number.

    Raises:
        ArrayJobError: when the files of several windows would have the same name.
    """
    if windows > 1 and PLACEHOLDER not in pattern:
        raise ArrayJobError(
            f"{pattern} would be the file of each of the {windows} windows; "
            f"put {PLACEHOLDER} where the window's number belongs"
        )
    return pattern.replace(PLACEHOLDER, str(index))
