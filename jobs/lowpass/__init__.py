"""The programs of the low-pass job definitions: from one sample's reads to its imputed genotypes."""
