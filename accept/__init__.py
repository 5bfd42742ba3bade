"""The acceptance run: what AWS does, measured on a deployed stack, beside what Sluice assumes."""
