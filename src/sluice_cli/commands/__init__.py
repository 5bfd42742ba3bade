"""One module a command: it reads its options, calls what does the work, and prints the answer."""
