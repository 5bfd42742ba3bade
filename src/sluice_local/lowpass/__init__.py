"""The low-pass data that Local AWS and the demo run on."""
