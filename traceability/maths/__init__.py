"""Graph walks and balances: pure functions."""
