"""Commands for whoever runs the stack: what is wrong with it, and how it is mended, emptied and shared."""
