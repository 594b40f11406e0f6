"""Use cases of recall, one module each."""
