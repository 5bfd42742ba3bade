"""What Batch refuses: by its service model, and by what its reference says besides."""
