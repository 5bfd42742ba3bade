"""Settings for all tests."""

from __future__ import annotations

from hypothesis import settings

# the same examples in every run, and no deadline that a busy machine could miss
settings.register_profile("sluice", derandomize=True, deadline=None)
settings.load_profile("sluice")
