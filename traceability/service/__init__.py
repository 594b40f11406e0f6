"""Use cases of traceability, one module each."""
