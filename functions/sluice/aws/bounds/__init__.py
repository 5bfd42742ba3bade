"""What the stack's tasks may use, as AWS keeps it."""
