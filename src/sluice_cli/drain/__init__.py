"""What a stack still has to do, and how it comes to its end."""
