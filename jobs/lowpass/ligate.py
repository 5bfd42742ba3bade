"""The windows of one sample joined to one file, by the phase of the heterozygotes that neighbours share."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from pysam import bcftools
from pysam.utils import SamtoolsError

from lowpass.errors import ArgumentError
from lowpass.imputation.array_job import location_of
from lowpass.imputation.windows import window_to_join
from lowpass.variants import Region, VariantFileError, read_samples, read_sites
from lowpass.variants.htslib import indexed, quiet_htslib, reason

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from lowpass.storage import Workspace
    from lowpass.variants import Sites


class PartsError(ArgumentError):
    """Raised when the files are not all windows of one sample and one panel."""


def run(arguments: argparse.Namespace, files: Workspace) -> str:
    """Carry out `lowpass ligate` and return what to tell the user."""
    count = arguments.windows
    names = [location_of(arguments.imputed, count, index) for index in range(count)]
    likelihoods, parts = files.input(arguments.likelihoods), [files.input(name) for name in names]
    output = files.output(arguments.output)
    sample = _sample_of([likelihoods, *parts])
    sites = read_sites(likelihoods, Region.parse(arguments.region) if arguments.region else None)
    for index, part in enumerate(parts):
        # bcftools crashes on files out of order, and would not notice that one is of another panel
        _require_window(part, sites.rows(window_to_join(sites, count, index).whole), f"{index} of {count}")
    ligate(parts, output)
    return f"{count} windows of {sample} joined, {len(sites):,} sites"


def ligate(parts: Sequence[Path], output: Path) -> None:
    """Join files of neighbouring, overlapping windows, in their order.

    Where two windows overlap, each gives the half that is its own. The second is turned when that continues
    the first one's phase. Fields `PS` and `PQ` tell where phase is interrupted and how sure it is.

    Raises:
        VariantFileError: when bcftools cannot read or join them.
    """
    with ExitStack() as stack, quiet_htslib():
        readable = [str(stack.enter_context(indexed(part))) for part in parts]
        options = ("--ligate", "--no-version", "-Ob", "-o", str(output))
        try:
            bcftools.concat(*options, *readable, catch_stdout=False)
        except SamtoolsError as error:
            raise VariantFileError(f"bcftools did not join the windows: {reason(error)}") from error


def _sample_of(paths: Sequence[Path]) -> str:
    found = [read_samples(path) for path in paths]
    for path, samples in zip(paths, found, strict=True):
        if len(samples) != 1 or samples != found[0]:
            raise PartsError(
                f"{path.name} is of {', '.join(samples[:3]) or 'nobody'}, {paths[0].name} of "
                f"{', '.join(found[0][:3]) or 'nobody'}; give the windows and the likelihoods of one sample"
            )
    return found[0][0]


def _require_window(path: Path, window: Sites, which: str) -> None:
    found = read_sites(path)
    if not found.are(window):
        raise PartsError(
            f"{path.name} has {_told(found)}, but window {which} has {_told(window)}; "
            "give what `lowpass impute` made of these likelihoods with the same --windows and --region"
        )


def _told(sites: Sites) -> str:
    return f"{len(sites):,} sites from {sites.key(0)} to {sites.key(-1)}"
