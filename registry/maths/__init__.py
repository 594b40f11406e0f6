"""Check digits and trees: pure functions."""
