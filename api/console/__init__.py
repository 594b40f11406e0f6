"""HTML pages for the four kinds of people."""
