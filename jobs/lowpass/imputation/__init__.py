"""The imputation of genotypes from likelihoods and a panel."""

import os

# Numba compiles for every processor of the architecture unless told otherwise: what an image has compiled
# then fits wherever it runs, and gives the same results there. The loops are hardly slower for it.
os.environ.setdefault("NUMBA_CPU_NAME", "generic")
