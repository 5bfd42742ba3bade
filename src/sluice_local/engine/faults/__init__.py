"""How MiniStack is made to fail."""
