"""The demo: real low-pass samples through Sluice on this machine, by the commands that its users type."""
