"""A panel in pieces that fit into memory: windows that overlap, imputed one by one and joined."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lowpass.errors import ArgumentError
from lowpass.imputation.diploid import Haplotypes, Imputed, impute_person
from lowpass.variants import Region

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from lowpass.imputation.diploid import Settings
    from lowpass.variants import Sites

# some 400 MB with all that is computed from them
ALLELES_AT_ONCE = 100_000_000
# a site of a small panel counts as if it had so many, for what is computed of each site
_FEWEST_HAPLOTYPES = 500
# what a window has beyond its core on either side: reads there speak for the core's edge, and its phase is
# matched to the next window's
BUFFER_BASES = 250_000


class WindowsError(ArgumentError):
    """Raised when a panel cannot be cut into as many windows as are asked for."""


@dataclass(frozen=True)
class Window:
    """Consecutive sites of a panel.

    Attributes:
        core: rows of the sites whose result counts.
        whole: rows of the sites that are computed: the core with a buffer on either side.
        region: where the whole is.
    """

    core: slice
    whole: slice
    region: Region


@dataclass(frozen=True)
class WindowsImputed:
    """All windows joined.

    Attributes:
        imputed: the person's genotypes at all sites.
        frequencies: of ALT in the panel, shape (sites,).
        haplotypes: how many there were to copy from.
    """

    imputed: Imputed
    frequencies: NDArray[np.float64]
    haplotypes: int


def cut(sites: Sites, count: int) -> list[Window]:
    """Cut a panel into windows of about as many sites each; the last is no stub.

    Sites of the same position stay together, so that there may be fewer windows.
    """
    positions = sites.positions
    cuts = np.unique(np.searchsorted(positions, positions[len(sites) * np.arange(count) // count]))
    edges = [*cuts.tolist(), len(sites)]
    windows = []
    for start, end in pairwise(edges):
        first, last = int(positions[start]) - BUFFER_BASES, int(positions[end - 1]) + BUFFER_BASES
        whole = slice(int(np.searchsorted(positions, first)), int(np.searchsorted(positions, last, "right")))
        region = Region(sites.contig, int(positions[whole.start]), int(positions[whole.stop - 1]))
        windows.append(Window(slice(start, end), whole, region))
    return windows


def plan(sites: Sites, haplotypes: int, alleles_at_once: int = ALLELES_AT_ONCE) -> list[Window]:
    """Cut a panel into windows of about as many alleles as may be held at once.

    Args:
        sites: of the panel.
        haplotypes: how many it has.
        alleles_at_once: how many alleles a core may have.
    """
    alleles = len(sites) * max(haplotypes, _FEWEST_HAPLOTYPES)
    return cut(sites, -(-alleles // alleles_at_once))


def window_to_join(sites: Sites, count: int, index: int) -> Window:
    """Return one of the windows of a panel that are imputed apart and joined by `lowpass ligate`.

    Args:
        sites: of the panel.
        count: how many windows there are.
        index: which of them, from 0 on.

    Raises:
        WindowsError: when one would overlap more than its neighbours, which `lowpass ligate` cannot join.
    """
    windows = cut(sites, count)
    if len(windows) < count or any(
        a.whole.stop > c.whole.start for a, c in zip(windows, windows[2:], strict=False)
    ):
        span = int(sites.positions[-1] - sites.positions[0]) + 1
        raise WindowsError(
            f"{count} windows are too many for {len(sites):,} sites on {span:,} bases: each has "
            f"{BUFFER_BASES // 1000} kb on either side and may overlap its neighbours alone; give fewer"
        )
    return windows[index]


def impute_by_windows(
    windows: Sequence[Window],
    read: Callable[[Window], NDArray[np.uint8]],
    morgans: NDArray[np.float64],
    likelihoods: NDArray[np.float64],
    *,
    settings: Settings,
) -> WindowsImputed:
    """Impute one person window by window.

    Args:
        windows: as `plan` makes them.
        read: gives the panel's haplotypes in a window, shape (sites, haplotypes).
        morgans: genetic positions of all sites.
        likelihoods: of the reads for 0, 1 and 2 ALT alleles, shape (sites, 3).
        settings: how much to compute.

    """
    if len(windows) > 1:
        # a fault at the end of a panel must not show after hours
        for window in windows:
            read(window)
    result = _Joined(len(morgans))
    for window in windows:
        panel = read(window)
        haplotypes = Haplotypes(panel, morgans[window.whole])
        result.add(window, impute_person(haplotypes, likelihoods[window.whole], settings=settings))
        inner = slice(window.core.start - window.whole.start, window.core.stop - window.whole.start)
        result.frequencies[window.core] = panel[inner].mean(axis=1)
    return WindowsImputed(Imputed(result.posteriors, result.alleles), result.frequencies, panel.shape[1])


class _Joined:
    """What the windows until now have given."""

    def __init__(self, sites: int) -> None:
        self.posteriors = np.empty((sites, 3))
        self.alleles = np.empty((sites, 2), dtype=np.uint8)
        self.frequencies = np.empty(sites)
        self._end = 0

    def add(self, window: Window, imputed: Imputed) -> None:
        """Add a window, its haplotypes exchanged where they continue the earlier ones the other way round."""
        start, core = window.whole.start, window.core
        shared = slice(start, max(self._end, start))
        own = imputed.alleles
        if _is_turned(self.alleles[shared], own[: shared.stop - start]):
            own = own[:, ::-1]
        self.posteriors[core] = imputed.posteriors[core.start - start : core.stop - start]
        # the right buffer stays until the next window overwrites it, so that the two can be matched
        self.alleles[core.start : window.whole.stop] = own[core.start - start :]
        self._end = window.whole.stop


def _is_turned(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> bool:
    """Whether the heterozygotes that two windows share are mostly of opposite phase."""
    differences = [each[:, 0].astype(np.int64) - each[:, 1] for each in (before, after)]
    return int(differences[0] @ differences[1]) < 0
