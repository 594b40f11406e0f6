"""Commitment, draw and assignment: pure functions."""
