"""Pairs of states drawn from their posterior, the last site first; parts of a compiled function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowpass.imputation.kernels import part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@part
def pick(weights: NDArray[np.float32], uniform: float) -> int:
    """Draw an index by its weight."""
    total = 0.0
    for k in range(len(weights)):
        total += weights[k]
    left = uniform * total
    for k in range(len(weights)):
        left -= weights[k]
        if left < 0:
            return k
    return len(weights) - 1


@part
def row_of(triangle: NDArray[np.float32], i: int, row: NDArray[np.float32]) -> None:
    """Write a row of the whole symmetric matrix."""
    for j in range(len(row)):
        high, low = max(i, j), min(i, j)
        row[j] = triangle[high * (high + 1) // 2 + low]


@part
def draw_before(  # noqa: PLR0913, PLR0917 - arrays one by one are what Numba compiles well
    forward: NDArray[np.float32],
    sums: NDArray[np.float32],
    stay: np.float32,
    pair: NDArray[np.int64],
    uniforms: NDArray[np.float64],
    row: NDArray[np.float32],
) -> None:
    """Replace a pair of states by one drawn for the site before, given the forward weights there.

    Each chain is the one that stayed or came by a jump, from any state by its forward weight (forward
    filtering, backward sampling: Scott 2002, <https://doi.org/10.1198/016214502753479464>).
    """
    states = len(sums)
    first, second = pair[0], pair[1]
    high, low = max(first, second), min(first, second)
    total = 0.0
    for k in range(states):
        total += sums[k]
    jump = (1 - stay) / states
    both = stay * stay * forward[high * (high + 1) // 2 + low]
    first_stays, second_stays = stay * jump * sums[first], stay * jump * sums[second]
    left = uniforms[0] * (both + first_stays + second_stays + jump * jump * total)
    if left < both:
        return
    if left < both + first_stays:
        row_of(forward, first, row)
        pair[1] = pick(row, uniforms[1])
    elif left < both + first_stays + second_stays:
        row_of(forward, second, row)
        pair[0] = pick(row, uniforms[1])
    else:
        pair[0] = pick(sums, uniforms[1])
        row_of(forward, pair[0], row)
        pair[1] = pick(row, uniforms[2])
