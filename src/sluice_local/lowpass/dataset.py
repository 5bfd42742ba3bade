"""Makes the cohort's files and puts them into the data bucket."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowpass.variants import read_samples
from sluice_local.lowpass.people import GENETIC_MAP, PANEL, REFERENCE, reads_key
from sluice_local.lowpass.runs import in_parallel, run_lowpass
from sluice_local.stack import Project

PANEL_FILE = "demo/data/chr20/panel.bcf"
TRUTH_FILE = "demo/data/chr20/truth.bcf"
GENETIC_MAP_FILE = "demo/data/chr20/genetic_map.b37.tsv.gz"


def people(project: Project) -> list[str]:
    """List the people whose true genotypes are known."""
    return read_samples(project.file(TRUTH_FILE))


@dataclass(frozen=True)
class Dataset:
    """Makes files in a local folder and uploads them to a bucket under the same names.

    Attributes:
        project: where the panel, the genetic map and the true genotypes are.
        s3: a boto3 client.
        bucket: the stack's data bucket.
        folder: where the files are made; the reference is read again from there.
    """

    project: Project
    s3: Any
    bucket: str
    folder: Path

    def add_reference(self) -> None:
        """Build the reference with its index, and upload it with the panel and the genetic map.

        The loops of `lowpass impute` are compiled too, once for all jobs.
        """
        # jobs that start side by side would each compile for themselves
        run_lowpass("compile")
        reference = self.folder / REFERENCE
        reference.parent.mkdir(parents=True)
        run_lowpass("reference", "--panel", str(self.project.file(PANEL_FILE)), "--output", str(reference))
        for path in sorted(reference.parent.iterdir()):
            self._upload(path, path.relative_to(self.folder).as_posix())
        self._upload(self.project.file(PANEL_FILE), PANEL)
        self._upload(self.project.file(GENETIC_MAP_FILE), GENETIC_MAP)

    def add_reads(self, samples: Sequence[str], reads: "ReadsWanted", *, workers: int) -> Iterator[str]:
        """Draw each sample's reads and upload them; yields each sample when its reads are there."""

        def add(sample: str) -> str:
            path = self.folder / reads_key(sample)
            path.parent.mkdir(exist_ok=True)
            run_lowpass("reads", *self._reads_arguments(sample, reads), "--output", str(path))
            self._upload(path, reads_key(sample))
            path.unlink()
            return sample

        return in_parallel(add, samples, workers=workers)

    def _reads_arguments(self, sample: str, reads: "ReadsWanted") -> tuple[str, ...]:
        truth = ("--truth", str(self.project.file(TRUTH_FILE)))
        reference = ("--reference", str(self.folder / REFERENCE))
        return (
            *truth,
            *reference,
            "--sample",
            sample,
            "--depth",
            str(reads.depth),
            "--seed",
            str(reads.seed),
        )

    def _upload(self, path: Path, key: str) -> None:
        self.s3.upload_file(str(path), self.bucket, key)


@dataclass(frozen=True)
class ReadsWanted:
    """How many reads to draw (mean depth), and from which seed."""

    depth: float
    seed: int
