"""What is measured: each contender takes the same cohort through one Local AWS in its own way."""
