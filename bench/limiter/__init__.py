"""The shared limiter under several processes."""
