"""How well imputed dosages agree with known genotypes.

The report is JSON: `{"measure": ..., "samples": {NAME: ACCURACY, ...}, "mean": ACCURACY}`, where ACCURACY
is `{"common": BIN, "bins": [BIN, ...]}` and BIN is `{"lower": 0.05, "upper": 0.5, "sites": 7331, "r2":
0.94}`. `common` is the bin of panel minor-allele frequency above 5 %; `r2` is null where a correlation is
not defined. A sample whose likelihoods are given has `"depth"` too: the mean number of reads over the panel's
SNPs.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lowpass.errors import ArgumentError
from lowpass.variants import read_genotypes, read_numbers, read_panel, read_samples
from lowpass.variants.sites import difference

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lowpass.storage import Workspace
    from lowpass.variants import Panel

MEASURE = (
    "squared Pearson correlation of imputed dosage with true ALT allele count over the sites of a bin of "
    "panel minor-allele frequency, within one sample; mean: over samples"
)
# a bin holds the sites with lower < frequency <= upper
FREQUENCY_BINS = (
    (0.0, 0.005),
    (0.005, 0.01),
    (0.01, 0.02),
    (0.02, 0.05),
    (0.05, 0.1),
    (0.1, 0.2),
    (0.2, 0.5),
)
COMMON = (0.05, 0.5)


class NoSharedSitesError(ArgumentError):
    """Raised when an imputed file is not at the panel's sites, or the truth knows none of them."""


@dataclass(frozen=True)
class BinAccuracy:
    """Accuracy within one bin of panel minor-allele frequency.

    Attributes:
        lower: the bin's sites are more frequent than this,
        upper: and at most this frequent.
        sites: how many there are.
        r2: squared correlation; None where the dosage or the truth is the same at every site.
    """

    lower: float
    upper: float
    sites: int
    r2: float | None


@dataclass(frozen=True)
class SampleAccuracy:
    """Accuracy over the common sites (panel MAF > 5 %), and bin by bin."""

    common: BinAccuracy
    bins: tuple[BinAccuracy, ...]


def run(arguments: argparse.Namespace, files: Workspace) -> str:
    """Carry out `lowpass accuracy` and return what to tell the user."""
    panel = read_panel(files.input(arguments.panel))
    truth = files.input(arguments.truth)
    output = files.output(arguments.output)
    imputed = [files.input(location) for location in arguments.imputed]
    likelihoods = [files.input(location) for location in arguments.likelihoods]
    samples = dict(_accuracy_of_file(path, truth, panel) for path in imputed)
    depths = dict(_depth_of_file(path) for path in likelihoods)
    mean = mean_accuracy(list(samples.values()))
    report = {
        "measure": MEASURE,
        "samples": {
            sample: asdict(accuracy) | depths.get(sample, {}) for sample, accuracy in samples.items()
        },
        "mean": asdict(mean),
    }
    output.write_text(json.dumps(report, indent=2) + "\n")
    figures = ", ".join(f"{sample} {_shown(accuracy)}" for sample, accuracy in samples.items())
    return f"r2 at panel MAF > 5 %: {figures}; mean {_shown(mean)}"


def squared_correlation(dosages: NDArray[np.float64], truth: NDArray[np.float64]) -> float | None:
    """Return Pearson's r squared, or None where either side does not vary.

    Args:
        dosages: imputed number of ALT alleles, 0 to 2, shape (sites,).
        truth: true number of ALT alleles, shape (sites,).
    """
    if not len(truth) or np.ptp(dosages) == 0 or np.ptp(truth) == 0:
        return None
    first, second = dosages - dosages.mean(), truth - truth.mean()
    return float((first @ second) ** 2 / ((first @ first) * (second @ second)))


def sample_accuracy(
    dosages: NDArray[np.float64], truth: NDArray[np.float64], frequencies: NDArray[np.float64]
) -> SampleAccuracy:
    """Compare one sample's imputed dosages with its true genotypes.

    Args:
        dosages: imputed number of ALT alleles, 0 to 2, shape (sites,).
        truth: true number of ALT alleles, shape (sites,).
        frequencies: minor-allele frequency in the panel, 0 to 0.5, shape (sites,).
    """

    def within(lower: float, upper: float) -> BinAccuracy:
        rows = (lower < frequencies) & (frequencies <= upper)
        return BinAccuracy(lower, upper, int(rows.sum()), squared_correlation(dosages[rows], truth[rows]))

    return SampleAccuracy(within(*COMMON), tuple(within(*edges) for edges in FREQUENCY_BINS))


def mean_accuracy(accuracies: Sequence[SampleAccuracy]) -> SampleAccuracy:
    """Average r2 over samples, each bin by itself, leaving out samples that have none there.

    Args:
        accuracies: of at least one sample, all over the same sites.
    """
    columns = zip(*(accuracy.bins for accuracy in accuracies), strict=True)
    return SampleAccuracy(
        _mean_of_bin([accuracy.common for accuracy in accuracies]),
        tuple(_mean_of_bin(column) for column in columns),
    )


def _mean_of_bin(column: Sequence[BinAccuracy]) -> BinAccuracy:
    known = [accuracy.r2 for accuracy in column if accuracy.r2 is not None]
    return replace(column[0], r2=sum(known) / len(known) if known else None)


def _accuracy_of_file(imputed: Path, truth: Path, panel: Panel) -> tuple[str, SampleAccuracy]:
    sample = read_samples(imputed)[0]
    sites, dosages = read_numbers(imputed, "DS")
    if other := difference(imputed.name, sites, panel.sites):
        raise NoSharedSitesError(f"{other}; give the panel it was made with")
    true_sites, alleles = read_genotypes(truth, sample)
    row_of_key = {key: row for row, key in enumerate(true_sites.keys)}
    rows = [row for row, key in enumerate(sites.keys) if key in row_of_key]
    if not rows:
        raise NoSharedSitesError(
            f"{truth.name} has none of the panel's sites, the first of which is {sites.key(0)}; "
            "check that both are of one region"
        )
    true_rows = [row_of_key[key] for key in sites.keys if key in row_of_key]
    counts = alleles.sum(axis=1, dtype=np.float64)[true_rows]
    return sample, sample_accuracy(dosages[rows, 0], counts, panel.minor_allele_frequencies[rows])


def _depth_of_file(likelihoods: Path) -> tuple[str, dict[str, float]]:
    """The sample, and its field of the report."""
    sites, depths = read_numbers(likelihoods, "AD")
    at_snps = depths[sites.are_snps].sum(axis=1)
    return read_samples(likelihoods)[0], {"depth": float(at_snps.mean())} if len(at_snps) else {}


def _shown(accuracy: SampleAccuracy) -> str:
    return "none" if accuracy.common.r2 is None else f"{accuracy.common.r2:.4f}"
