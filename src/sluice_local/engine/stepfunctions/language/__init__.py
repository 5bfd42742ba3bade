"""What the Amazon States Language says of paths, payload templates and Choice rules."""
