"""Genotypes of one sample at every site of the panel, from its genotype likelihoods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lowpass.errors import ArgumentError
from lowpass.imputation.genetic_map import site_morgans
from lowpass.imputation.gibbs import Haplotypes, Settings, genotype_posteriors
from lowpass.variants import read_numbers, read_panel, read_samples, write_bcf
from lowpass.variants.sites import difference

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lowpass.storage import Workspace

_FORMATS = (
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Most likely genotype, not phased">',
    '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Expected number of ALT alleles">',
    '##FORMAT=<ID=GP,Number=G,Type=Float,Description="Posterior probabilities of 0, 1 and 2 ALT alleles">',
)
_GENOTYPES = ("0/0", "0/1", "1/1")


class OtherSitesError(ArgumentError):
    """Raised when the likelihoods are not at the panel's sites."""


def run(arguments: argparse.Namespace, files: Workspace) -> str:
    """Carry out `lowpass impute` and return what to tell the user."""
    likelihoods_file = files.input(arguments.likelihoods)
    panel = read_panel(files.input(arguments.panel))
    sites, phred = read_numbers(likelihoods_file, "PL")
    if other := difference(likelihoods_file.name, sites, panel.sites):
        raise OtherSitesError(f"{other}; make it by `lowpass likelihoods` with the same --panel")
    morgans = site_morgans(files.input(arguments.map), panel.sites)
    output = files.output(arguments.output)
    posteriors = genotype_posteriors(
        Haplotypes(panel.haplotypes, morgans),
        10 ** (-phred / 10),
        settings=Settings(),
        rng=np.random.default_rng(arguments.seed),
    )
    sample = read_samples(likelihoods_file)[0]
    write_bcf(output, sites, sample=sample, formats=_FORMATS, columns=_columns(posteriors))
    return f"{sample} imputed at {len(sites):,} sites from {panel.haplotypes.shape[1]} haplotypes"


def _columns(posteriors: NDArray[np.float64]) -> Iterator[str]:
    dosages = posteriors @ np.arange(3)
    best = posteriors.argmax(axis=1)
    for genotype, dosage, chances in zip(best.tolist(), dosages.tolist(), posteriors.tolist(), strict=True):
        yield (f"{_GENOTYPES[genotype]}:{dosage:.4f}:{chances[0]:.4f},{chances[1]:.4f},{chances[2]:.4f}")
