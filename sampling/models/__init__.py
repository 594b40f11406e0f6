"""Tables of sampling."""
