"""Scheduling policies: what is kept of them, and the order in which they let jobs be placed."""
