"""Numbers in, chart options out."""
