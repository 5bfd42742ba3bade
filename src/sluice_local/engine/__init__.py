"""MiniStack with its gaps closed: one module a gap."""
