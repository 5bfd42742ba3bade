"""What MiniStack's Lambda lacks."""
