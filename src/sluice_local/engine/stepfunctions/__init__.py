"""What MiniStack's Step Functions lacks."""
