"""Other people's state machines: what they become on Sluice's Activity, and what would break there."""
