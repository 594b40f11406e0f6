"""Tables of traceability, by subject."""
