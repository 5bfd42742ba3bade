"""Both haplotypes of a person as mosaics: the forward-backward algorithm over pairs of states, compiled.

Pairs are unordered: of the symmetric matrix of both haplotypes' states only the lower triangle is kept, row
by row, with the sums over the rows of the whole matrix beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lowpass.imputation.kernels import compiled, part
from lowpass.imputation.paths import draw_before, pick, row_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Model(NamedTuple):
    """A person's two haplotypes over a panel.

    Attributes:
        alleles: of the panel, 0 or 1, shape (sites, haplotypes).
        slots: the panel's haplotypes that are the states at each covered site, shape (covered, states).
        covered: rows of the sites that have data, rising, at least one.
        stay: chance of no jump since the covered site before, shape (covered,).
        by_copied: likelihood of each covered site's data when 0, 1 or 2 ALT alleles are copied, (covered, 3).
        share_left: weight of the covered site at or before each site; the next one has the rest, (sites,).
    """

    alleles: NDArray[np.uint8]
    slots: NDArray[np.int64]
    covered: NDArray[np.int64]
    stay: NDArray[np.float32]
    by_copied: NDArray[np.float32]
    share_left: NDArray[np.float64]


@part
def _step(  # noqa: PLR0913, PLR0917 - arrays one by one are what Numba compiles well
    before: NDArray[np.float32],
    sums: NDArray[np.float32],
    stay: np.float32,
    by_copied: NDArray[np.float32],
    alleles: NDArray[np.uint8],
    after: NDArray[np.float32],
    new_sums: NDArray[np.float32],
) -> None:
    """Move both chains on by one site, jumps first and emissions then."""
    states = len(sums)
    total = np.float32(0)
    for i in range(states):
        total += sums[i]
    jump = (np.float32(1) - stay) / np.float32(states)
    both = stay * stay / total
    one = stay * jump / total
    neither = jump * jump
    from_jumps = np.empty(states, np.float32)
    if_reference = np.empty(states, np.float32)
    if_alternate = np.empty(states, np.float32)
    for i in range(states):
        from_jumps[i] = sums[i] * one
        if_reference[i] = by_copied[alleles[i]]
        if_alternate[i] = by_copied[alleles[i] + 1]
        new_sums[i] = 0
    for i in range(states):
        start = i * (i + 1) // 2
        emission = if_alternate if alleles[i] else if_reference
        jumped = from_jumps[i] + neither
        row = np.float32(0)
        for j in range(i):
            value = (before[start + j] * both + (from_jumps[j] + jumped)) * emission[j]
            after[start + j] = value
            new_sums[j] += value
            row += value
        value = (before[start + i] * both + (from_jumps[i] + jumped)) * emission[i]
        after[start + i] = value
        new_sums[i] += row + value


@part
def _copied_at(
    weights: NDArray[np.float32],
    sums: NDArray[np.float32],
    alleles: NDArray[np.uint8],
    share: float,
    result: NDArray[np.float64],
) -> None:
    """Add the chances that 0, 1 and 2 ALT alleles are copied at one site.

    Only pairs of the rarer allele are summed, which most sites have few of.

    Args:
        weights: of unordered pairs of states, not scaled, the lower triangle.
        sums: over the rows of the whole matrix.
        alleles: of the states at the site.
        share: how much of the chance to add.
        result: what to add to.
    """
    states = len(sums)
    alternates = 0
    for k in range(states):
        alternates += alleles[k]
    rarer = 1 if 2 * alternates <= states else 0
    carriers = np.empty(states, np.int64)
    count = 0
    total = 0.0
    carried = 0.0
    for k in range(states):
        total += sums[k]
        if alleles[k] == rarer:
            carriers[count] = k
            count += 1
            carried += sums[k]
    pairs = 0.0
    for i in range(count):
        start = carriers[i] * (carriers[i] + 1) // 2
        row = 0.0
        for j in range(i):
            row += weights[start + carriers[j]]
        pairs += 2 * row + weights[start + carriers[i]]
    two = pairs / total
    one = max(2 * (carried / total - two), 0.0)
    result[2 * rarer] += share * two
    result[1] += share * one
    result[2 - 2 * rarer] += share * max(1 - one - two, 0.0)


@part
def _emit(
    weights: NDArray[np.float32],
    by_copied: NDArray[np.float32],
    alleles: NDArray[np.uint8],
    sums: NDArray[np.float32],
) -> None:
    """Multiply the weights of pairs by the emission, in place, and sum the rows anew."""
    states = len(sums)
    if_reference, if_alternate = np.empty(states, np.float32), np.empty(states, np.float32)
    for i in range(states):
        if_reference[i] = by_copied[alleles[i]]
        if_alternate[i] = by_copied[alleles[i] + 1]
        sums[i] = 0
    for i in range(states):
        start = i * (i + 1) // 2
        emission = if_alternate if alleles[i] else if_reference
        total = np.float32(0)
        for j in range(i):
            value = weights[start + j] * emission[j]
            weights[start + j] = value
            sums[j] += value
            total += value
        value = weights[start + i] * emission[i]
        weights[start + i] = value
        sums[i] += total + value


@part
def _multiply(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    result: NDArray[np.float32],
    sums: NDArray[np.float32],
) -> None:
    """Multiply the weights of pairs, and sum the rows."""
    states = len(sums)
    sums[:] = 0
    for i in range(states):
        start = i * (i + 1) // 2
        total = np.float32(0)
        for j in range(i):
            value = first[start + j] * second[start + j]
            result[start + j] = value
            sums[j] += value
            total += value
        value = first[start + i] * second[start + i]
        result[start + i] = value
        sums[i] += total + value


@part
def _look_up(model: Model, place: int, site: int, result: NDArray[np.uint8]) -> None:
    """Write the alleles that the states of a covered site have at some site."""
    for k in range(len(result)):
        result[k] = model.alleles[place, model.slots[site, k]]


@part
def _forward(model: Model, block: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the forward weights just before the first site of each block, and their sums."""
    count, states = model.slots.shape
    size = states * (states + 1) // 2
    kept = np.ones(((count + block - 1) // block, size), np.float32)
    kept_sums = np.full((len(kept), states), np.float32(states))
    here = np.empty(states, np.uint8)
    rows, sums = np.ones((2, size), np.float32), np.full((2, states), np.float32(states))
    for site in range(count):
        old, new = site % 2, 1 - site % 2
        if site % block == 0:
            kept[site // block], kept_sums[site // block] = rows[old], sums[old]
        _look_up(model, model.covered[site], site, here)
        _step(rows[old], sums[old], model.stay[site], model.by_copied[site], here, rows[new], sums[new])
    return kept, kept_sums


@part
def _forward_again(
    model: Model, sites: range, rows: NDArray[np.float32], sums: NDArray[np.float32], here: NDArray[np.uint8]
) -> None:
    """Compute a block's forward weights from the row before its first site."""
    for row, site in enumerate(sites):
        _look_up(model, model.covered[site], site, here)
        stay, by_copied = model.stay[site], model.by_copied[site]
        _step(rows[row], sums[row], stay, by_copied, here, rows[row + 1], sums[row + 1])


@part
def _carry(
    model: Model,
    site: int,
    posterior: NDArray[np.float32],
    sums: NDArray[np.float32],
    result: NDArray[np.float64],
) -> None:
    """Add what a covered site says of itself and of the sites to the next covered ones."""
    here = np.empty(len(sums), np.uint8)
    end = model.covered[site + 1] if site + 1 < len(model.covered) else len(model.alleles)
    for place in range(model.covered[site - 1] + 1 if site else 0, end):
        _look_up(model, place, site, here)
        left = model.share_left[place]
        _copied_at(posterior, sums, here, left if place >= model.covered[site] else 1 - left, result[place])


@part
def _draw(
    forward: NDArray[np.float32],
    sums: NDArray[np.float32],
    stay: float,
    paths: NDArray[np.int64],
    uniforms: NDArray[np.float64],
) -> None:
    """Draw the pairs of a site, in place of those of the site after it; of the last site without a `stay`."""
    row = np.empty(len(sums), np.float32)
    for path in range(len(paths)):
        pair = paths[path]
        if stay >= 0:
            draw_before(forward, sums, stay, pair, uniforms[path], row)
        else:
            pair[0] = pick(sums, uniforms[path, 0])
            row_of(forward, pair[0], row)
            pair[1] = pick(row, uniforms[path, 1])


@compiled
def copied_genotypes(
    model: Model, uniforms: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Run both haplotypes over the sites with reads, and carry the result to every site.

    To bound the memory, forward weights are computed anew on the way back, block by block.

    Args:
        model: the person.
        uniforms: random numbers from 0 to 1, three for each covered site and pair of paths to draw.

    Returns:
        The chance that 0, 1 and 2 ALT alleles are copied at every site, shape (sites, 3), and the drawn
        pairs of states at the covered sites, shape (covered, paths, 2).
    """
    count, states = model.slots.shape
    block = int(np.sqrt(count)) + 1
    kept, kept_sums = _forward(model, block)
    rows = np.empty((block + 1, kept.shape[1]), np.float32)
    row_sums = np.empty((block + 1, states), np.float32)
    result, paths = np.zeros((len(model.alleles), 3)), np.empty((count + 1, uniforms.shape[1], 2), np.int64)
    ahead, ahead_sums = np.ones(kept.shape[1], np.float32), np.empty(states, np.float32)
    posterior, sums = np.empty_like(ahead), np.empty_like(ahead_sums)
    here, nothing = np.empty(states, np.uint8), np.ones(3, np.float32)
    for site in range(count - 1, -1, -1):
        first = site - site % block
        if site + 1 == count or site % block == block - 1:
            rows[0], row_sums[0] = kept[site // block], kept_sums[site // block]
            _forward_again(model, range(first, site + 1), rows, row_sums, here)
        forward, forward_sums = rows[site - first + 1], row_sums[site - first + 1]
        _multiply(forward, ahead, posterior, sums)
        _carry(model, site, posterior, sums, result)
        paths[site] = paths[site + 1]
        stay = model.stay[site + 1] if site + 1 < count else np.float32(-1)
        _draw(forward, forward_sums, stay, paths[site], uniforms[site])
        # on the way back the emission comes first and the jumps then
        _look_up(model, model.covered[site], site, here)
        _emit(ahead, model.by_copied[site], here, ahead_sums)
        _step(ahead, ahead_sums, model.stay[site], nothing, here, posterior, sums)
        ahead, posterior, ahead_sums, sums = posterior, ahead, sums, ahead_sums
    return result, paths[:count]
