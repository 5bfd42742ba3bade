"""Jobs of one shape that go to Batch together, as the children of one array."""
