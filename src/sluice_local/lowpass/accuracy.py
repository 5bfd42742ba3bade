"""How well the cohort's genotypes were recovered."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowpass.accuracy import BinAccuracy, SampleAccuracy, mean_accuracy
from sluice_local.lowpass.dataset import PANEL_FILE, TRUTH_FILE
from sluice_local.lowpass.people import accuracy_key, imputed_key
from sluice_local.lowpass.runs import in_parallel, run_lowpass
from sluice_local.stack import Project


@dataclass(frozen=True)
class CohortAccuracy:
    """Accuracy of each sample that was imputed, and the mean over them; None if there is none."""

    samples: Mapping[str, SampleAccuracy]

    @property
    def mean(self) -> SampleAccuracy | None:
        """The mean over samples, bin by bin."""
        return mean_accuracy(list(self.samples.values())) if self.samples else None

    @property
    def mean_r2_common(self) -> float | None:
        """The mean r2 at sites with a minor-allele frequency above 5 % in the panel."""
        return self.mean.common.r2 if self.mean else None


@dataclass(frozen=True)
class Comparison:
    """Compares what the workflows left in the bucket with the truth; each report goes beside its results.

    Attributes:
        project: where the truth is.
        s3: a boto3 client.
        bucket: the stack's data bucket.
        folder: for what is downloaded; it must exist.
    """

    project: Project
    s3: Any
    bucket: str
    folder: Path

    def compare(self, samples: Sequence[str], *, workers: int) -> Iterator[tuple[str, SampleAccuracy]]:
        """Yield each sample with its accuracy, as it is known."""
        return in_parallel(self._compare, samples, workers=workers)

    def _compare(self, sample: str) -> tuple[str, SampleAccuracy]:
        imputed = self.folder / f"{sample}.imputed.bcf"
        report = self.folder / f"{sample}.accuracy.json"
        self.s3.download_file(self.bucket, imputed_key(sample), str(imputed))
        truth, panel = str(self.project.file(TRUTH_FILE)), str(self.project.file(PANEL_FILE))
        run_lowpass(
            *("accuracy", "--imputed", str(imputed), "--truth", truth, "--panel", panel),
            *("--output", str(report)),
        )
        # where `sluice report` finds it
        self.s3.upload_file(str(report), self.bucket, accuracy_key(sample))
        return sample, read_accuracy(json.loads(report.read_text())["samples"][sample])


def read_accuracy(document: Mapping[str, Any]) -> SampleAccuracy:
    """Read one sample's figures from the report of `lowpass accuracy`."""
    bins = tuple(BinAccuracy(**one) for one in document["bins"])
    return SampleAccuracy(BinAccuracy(**document["common"]), bins)
