"""The logs of a sample's jobs."""
