"""JSON routes, one module per domain."""
