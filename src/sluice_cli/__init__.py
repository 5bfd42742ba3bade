"""The command line `sluice`: cohorts of samples on a deployed stack, day after day."""
