"""Cohorts: many samples, one execution of a workflow each."""
