"""What the project's HTML pages share: their style, how charts are drawn, and how a page is put together."""
