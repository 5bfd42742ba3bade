"""A task, from the Activity to its outcome."""
