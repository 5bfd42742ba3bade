"""The bench's tables, plots and page."""
