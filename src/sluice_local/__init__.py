"""Local AWS: the same template, state machines and handlers on one machine, with no account."""
