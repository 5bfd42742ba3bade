"""What `sluice doctor` looks at: one module a part of the stack, each check yields findings."""
