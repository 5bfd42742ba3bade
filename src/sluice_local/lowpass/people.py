"""Who is run, and what the workflow is told of each."""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

from sluice_local.errors import LocalError

REFERENCE = "reference/reference.fa.gz"
PANEL = "reference/panel.bcf"
GENETIC_MAP = "reference/genetic_map.b37.tsv.gz"


class TooManySamplesError(LocalError):
    """Raised when more people are asked for than there are."""


def choose_samples(names: Sequence[str], count: int, *, seed: int) -> tuple[str, ...]:
    """Choose people by lot: the same seed gives the same ones, and a larger count the same and more.

    Raises:
        TooManySamplesError: if there are fewer than `count`.
    """
    if count > len(names):
        raise TooManySamplesError(
            f"{count} samples are asked for, but the truth data hold {len(names)} people: "
            f"use SAMPLES={len(names)} (--samples {len(names)}) or fewer."
        )

    def lot(name: str) -> bytes:
        return hashlib.sha256(f"{seed}:{name}".encode()).digest()

    return tuple(sorted(names, key=lot)[:count])


@dataclass(frozen=True)
class Places:
    """Where the cohort's files lie in the data bucket."""

    bucket: str

    def uri(self, key: str) -> str:
        """Return the S3 URI of a key."""
        return f"s3://{self.bucket}/{key}"

    def workflow_input(self, sample: str) -> dict[str, str]:
        """Return the input of one sample's workflow execution."""
        return {
            "sample": sample,
            "reads": self.uri(reads_key(sample)),
            "reference": self.uri(REFERENCE),
            "panel": self.uri(PANEL),
            "geneticMap": self.uri(GENETIC_MAP),
            "output": self.uri(f"results/{sample}"),
        }

    def sheet(self, samples: Sequence[str]) -> str:
        """Return the sheet of these samples for `sluice launch`, as CSV."""
        rows = [self.workflow_input(sample) for sample in samples]
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()


def reads_key(sample: str) -> str:
    """Name the object that holds a sample's reads."""
    return f"reads/{sample}.fastq.gz"


def imputed_key(sample: str) -> str:
    """Name the object that the workflow leaves for a sample."""
    return f"results/{sample}/{sample}.imputed.bcf"


def accuracy_key(sample: str) -> str:
    """Name the object that holds the comparison of a sample's results with the truth."""
    return f"results/{sample}/{sample}.accuracy.json"
