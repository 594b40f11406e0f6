"""Recomputing published reference values, one module per domain."""
