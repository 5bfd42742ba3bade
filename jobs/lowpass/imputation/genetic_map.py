"""Genetic distance: how often recombination separates two positions."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np

from lowpass.errors import LowpassError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lowpass.variants import Sites

_COLUMNS = ["pos", "chr", "cM"]


class GeneticMapError(LowpassError):
    """Raised when a genetic map cannot be read or says nothing about the contig."""


def site_morgans(path: Path, sites: Sites) -> NDArray[np.float64]:
    """Return the genetic position of each site in morgans, linear between the map's points, shape (sites,).

    Args:
        path: tab-separated columns `pos` (base pairs), `chr` and `cM`, with that header, gzipped.
        sites: the sites to place; outside the map they take its nearest point.

    Raises:
        GeneticMapError: when the file is of another form or has no line of the sites' contig.
    """
    try:
        with gzip.open(path, "rt") as file:
            header, *rows = (line.split() for line in file)
        points = np.array([(row[0], row[2]) for row in rows if row[1] == sites.contig], dtype=np.float64)
    except (OSError, ValueError, IndexError) as error:
        raise GeneticMapError(
            f"{path.name} is not a gzipped table of {' '.join(_COLUMNS)}: {error}"
        ) from error
    if header != _COLUMNS or not len(points):
        raise GeneticMapError(
            f"{path.name} has no columns {' '.join(_COLUMNS)} with rows of contig {sites.contig}"
        )
    return np.interp(sites.positions, points[:, 0], points[:, 1]) / 100
