"""CPU time of a task in the functions that see every task."""
