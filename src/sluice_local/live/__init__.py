"""The live page of Local AWS: what runs, as it runs, for people who would rather look than read."""
