"""What is tried; each probe returns what it has seen, and judges nothing."""
