"""The imputation of genotypes from likelihoods and a panel."""
