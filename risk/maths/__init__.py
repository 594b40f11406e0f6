"""Detection of aberrations: pure functions."""
