"""Which adapter goes where; one module for each kind of function."""
