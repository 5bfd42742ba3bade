"""What the tests of the whole chain share."""

from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parents[3] / "demo" / "data" / "chr20"
SAMPLE = "NA12829"


class Region(NamedTuple):
    """A small copy of `demo/data/chr20`."""

    panel: Path
    truth: Path
    genetic_map: Path
