"""VCF and BCF files as arrays, read and written through bcftools."""

from lowpass.variants.files import (
    UnknownSampleError,
    read_genotypes,
    read_numbers,
    read_sites,
    write_bcf,
)
from lowpass.variants.htslib import VariantFileError, read_samples
from lowpass.variants.panel import Panel, read_haplotypes, read_panel
from lowpass.variants.regions import Region, RegionError
from lowpass.variants.sites import Sites

__all__ = [
    "Panel",
    "Region",
    "RegionError",
    "Sites",
    "UnknownSampleError",
    "VariantFileError",
    "read_genotypes",
    "read_haplotypes",
    "read_numbers",
    "read_panel",
    "read_samples",
    "read_sites",
    "write_bcf",
]
