"""The layers of HTTP in front of MiniStack."""
