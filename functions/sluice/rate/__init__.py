"""The shared rate of each API."""
