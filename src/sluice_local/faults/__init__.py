"""Faults that can be asked for, and those that are in force."""
