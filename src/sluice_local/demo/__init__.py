"""The demo: real low-pass samples through the deployed stack on this machine, watched and reported."""
