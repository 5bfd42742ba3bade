"""Launching, cancelling and summing up a cohort."""
