"""Lifecycle and scope of a recall: pure functions."""
