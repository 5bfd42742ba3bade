"""What MiniStack's enforcement of IAM lacks."""
