"""The loops of `lowpass impute`, compiled ahead, so that no job has to wait for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lowpass.imputation.diploid import Haplotypes, Settings, impute_person

if TYPE_CHECKING:
    import argparse

    from lowpass.storage import Workspace


def run(_arguments: argparse.Namespace, _files: Workspace) -> str:
    """Carry out `lowpass compile` and return what to tell the user."""
    # a panel of more haplotypes than states goes through all that is compiled
    panel = Haplotypes(np.eye(4, dtype=np.uint8), np.arange(4) / 1e6)
    likelihoods = np.tile([1.0, 0.5, 0.1], (4, 1))
    impute_person(panel, likelihoods, settings=Settings(states=2, minimum_carriers=1))
    return "what impute needs is compiled"
