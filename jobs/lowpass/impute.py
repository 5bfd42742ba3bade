"""Genotypes of one sample at every site of the panel, from its genotype likelihoods."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np

from lowpass.errors import ArgumentError, LowpassError
from lowpass.imputation.array_job import index_of, location_of
from lowpass.imputation.diploid import Settings
from lowpass.imputation.genetic_map import read_map
from lowpass.imputation.windows import impute_by_windows, plan, window_to_join
from lowpass.variants import Region, read_haplotypes, read_numbers, read_samples, read_sites, write_bcf
from lowpass.variants.htslib import indexed
from lowpass.variants.sites import difference

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from lowpass.imputation.windows import WindowsImputed
    from lowpass.storage import Workspace
    from lowpass.variants import Sites

_SITES_AT_ONCE = 10_000
_HEADER = (
    '##INFO=<ID=RAF,Number=A,Type=Float,Description="ALT allele frequency in the reference panel">',
    '##INFO=<ID=INFO,Number=A,Type=Float,Description="IMPUTE information score of this sample">',
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Most likely genotype, phased">',
    '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Expected number of ALT alleles">',
    '##FORMAT=<ID=GP,Number=G,Type=Float,Description="Posterior probabilities of 0, 1 and 2 ALT alleles">',
)


class OtherSitesError(ArgumentError):
    """Raised when the likelihoods are not at the panel's sites."""


class NoReadsError(LowpassError):
    """Raised when no site of the panel has a read."""


def run(arguments: argparse.Namespace, files: Workspace) -> str:
    """Carry out `lowpass impute` and return what to tell the user."""
    index = index_of(arguments.window, arguments.windows, os.environ)
    likelihoods_file, panel_file = files.input(arguments.likelihoods), files.input(arguments.panel)
    map_file = files.input(arguments.map)
    output = files.output(location_of(arguments.output, arguments.windows, index))
    sites, phred, region = _part(arguments, likelihoods_file, index)
    windows = plan(sites, 2 * len(read_samples(panel_file)))
    in_parts = region is not None or len(windows) > 1
    with indexed(panel_file) if in_parts else nullcontext(panel_file) as panel:
        if other := difference(likelihoods_file.name, sites, read_sites(panel, region)):
            raise OtherSitesError(f"{other}; make it by `lowpass likelihoods` with the same --panel")
        genetic_map = read_map(map_file, sites)
        result = impute_by_windows(
            windows,
            lambda window: read_haplotypes(
                panel, sites.rows(window.whole), window.region if in_parts else None
            ),
            genetic_map.morgans(sites),
            10 ** ((phred.min(axis=1, keepdims=True) - phred) / 10),
            settings=Settings(seed=arguments.seed),
        )
    sample = read_samples(likelihoods_file)[0]
    write_bcf(output, sites, sample=sample, header=_HEADER, records=_records(result))
    outside = int(np.count_nonzero(genetic_map.outside(sites)))
    remark = f", {outside:,} of them outside the genetic map" if outside else ""
    return f"{sample} imputed at {len(sites):,} sites from {result.haplotypes} haplotypes{remark}"


def _part(
    arguments: argparse.Namespace, likelihoods: Path, index: int
) -> tuple[Sites, NDArray[np.float64], Region | None]:
    """Return the sites to impute, their likelihoods, and where that is unless it is all of the panel."""
    region = Region.parse(arguments.region) if arguments.region else None
    sites, phred = read_numbers(likelihoods, "PL", region)
    if not np.ptp(phred, axis=1).any():
        raise NoReadsError("no site of the panel has a read; check that the reads are of this region")
    if arguments.windows == 1:
        return sites, phred, region
    window = window_to_join(sites, arguments.windows, index)
    return sites.rows(window.whole), phred[window.whole], window.region


def information_scores(posteriors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return IMPUTE's information score of one sample at each site, 0 to 1, shape (sites,).

    It is 1 less the genotype's variance over the variance of a genotype that is only known to be of the
    estimated allele frequency: Marchini J, Howie B. Genotype imputation for genome-wide association studies.
    Nature Reviews Genetics 11:499-511 (2010), box 2. <https://doi.org/10.1038/nrg2796>
    """
    dosages = posteriors @ np.arange(3)
    variances = posteriors @ np.arange(3) ** 2 - dosages**2
    expected = dosages * (1 - dosages / 2)
    scores = 1 - np.divide(variances, expected, out=np.zeros_like(expected), where=expected > 0)
    clipped: NDArray[np.float64] = np.clip(scores, 0, 1)
    return clipped


def _records(result: WindowsImputed) -> Iterator[tuple[str, str]]:
    imputed = result.imputed
    scores = information_scores(imputed.posteriors)
    # lists are quicker than arrays, and ten times as large
    for start in range(0, len(scores), _SITES_AT_ONCE):
        part = slice(start, start + _SITES_AT_ONCE)
        columns = (result.frequencies, scores, imputed.alleles, imputed.dosages, imputed.posteriors)
        rows = zip(*(column[part].tolist() for column in columns), strict=True)
        for frequency, score, (first, second), dosage, (none, one, both) in rows:
            genotype = f"{first}|{second}:{dosage:.4f}:{none:.4f},{one:.4f},{both:.4f}"
            yield f"RAF={frequency:.5f};INFO={score:.3f}", genotype
