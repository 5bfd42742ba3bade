"""Genetic distance: how often recombination separates two positions."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lowpass.errors import LowpassError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lowpass.variants import Sites

_COLUMNS = ["pos", "chr", "cM"]
_GZIP_MAGIC = b"\x1f\x8b"
# maps end at the first and last marker that a family study had, and panels reach a little further
_LONGEST_GAP_BASES = 1_000_000


class GeneticMapError(LowpassError):
    """Raised when a genetic map cannot be read, is out of order, or does not cover the panel."""


@dataclass(frozen=True)
class GeneticMap:
    """Genetic positions along one contig.

    Attributes:
        positions: in base pairs, rising, shape (points,).
        centimorgans: at each position, never falling, shape (points,).
    """

    positions: NDArray[np.float64]
    centimorgans: NDArray[np.float64]

    def outside(self, sites: Sites) -> NDArray[np.float64]:
        """Return how many bases each site lies before (below 0) or behind the map, shape (sites,)."""
        inside = np.clip(sites.positions, self.positions[0], self.positions[-1])
        return np.asarray(sites.positions - inside, dtype=np.float64)

    def morgans(self, sites: Sites) -> NDArray[np.float64]:
        """Return the genetic position of each site, linear between the map's points, shape (sites,).

        Sites outside the map take its mean rate.
        """
        length = self.positions[-1] - self.positions[0]
        rate = (self.centimorgans[-1] - self.centimorgans[0]) / max(length, 1)
        inside = np.interp(sites.positions, self.positions, self.centimorgans)
        morgans: NDArray[np.float64] = (inside + rate * self.outside(sites)) / 100
        return morgans


def read_map(path: Path, sites: Sites) -> GeneticMap:
    """Read the genetic map of the sites' contig, and check that it covers them.

    Args:
        path: tab-separated columns `pos` (base pairs), `chr` and `cM`, with that header, gzipped or not.
        sites: to place by the map.

    Raises:
        GeneticMapError: when the file is of another form, has no line of the sites' contig, is out of order,
            or ends more than a megabase before the sites do.
    """
    points = _points(path, sites.contig)
    _require_order(path, sites.contig, points)
    if len(points) > 1 and points[0, 1] == points[-1, 1]:
        raise GeneticMapError(
            f"{path.name} has {points[0, 1]:g} cM all along contig {sites.contig}: nothing would recombine; "
            "its last column must be the position in centimorgans"
        )
    genetic_map = GeneticMap(points[:, 0], points[:, 1])
    gaps = genetic_map.outside(sites)[[0, -1]]
    if np.abs(gaps).max() > _LONGEST_GAP_BASES or gaps.prod() > 0:
        covered = f"{sites.contig}:{points[0, 0]:.0f}-{points[-1, 0]:.0f}"
        raise GeneticMapError(
            f"{path.name} covers {covered}, but the panel {sites.contig}:{sites.positions[0]}-"
            f"{sites.positions[-1]}; give a map of the whole panel, or a --region of it"
        )
    return genetic_map


def _points(path: Path, contig: str) -> NDArray[np.float64]:
    """Return the contig's rows of position and centimorgan, shape (rows, 2)."""
    try:
        data = path.read_bytes()
        text = gzip.decompress(data) if data.startswith(_GZIP_MAGIC) else data
        header, *rows = (line.split() for line in text.decode("utf-8-sig").splitlines() if line.strip())
        points = np.array([(row[0], row[2]) for row in rows if row[1] == contig], dtype=np.float64)
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise GeneticMapError(
            f"{path.name} is not a table of {' '.join(_COLUMNS)}, gzipped or not: {str(error)[:200]}"
        ) from error
    if header != _COLUMNS:
        raise GeneticMapError(f"{path.name} has not the header {' '.join(_COLUMNS)}: {' '.join(header)[:60]}")
    if not len(points):
        others = ", ".join(sorted({row[1] for row in rows})[:5]) or "none"
        raise GeneticMapError(
            f"{path.name} has no rows of contig {contig}, which the panel is of, but of {others}; "
            "the names of contigs must agree"
        )
    return points


def _require_order(path: Path, contig: str, points: NDArray[np.float64]) -> None:
    if len(bad := np.flatnonzero(~np.isfinite(points).all(axis=1))):
        raise GeneticMapError(f"{path.name} has a number that is none in row {bad[0] + 1} of contig {contig}")
    steps = np.diff(points, axis=0)
    bad = np.flatnonzero((steps[:, 0] <= 0) | (steps[:, 1] < 0))
    if len(bad):
        (position, centimorgan), (next_position, next_centimorgan) = points[bad[0] : bad[0] + 2]
        raise GeneticMapError(
            f"{path.name} has {contig}:{next_position:.0f} at {next_centimorgan:g} cM after "
            f"{contig}:{position:.0f} at {centimorgan:g} cM; positions must rise and cM must not fall: "
            "sort it by position"
        )
