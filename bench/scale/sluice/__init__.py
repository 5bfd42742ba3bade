"""Sluice in virtual time: its pollers, its reconciler and its shared rate."""
