"""Use cases of the procedure after the draw."""
