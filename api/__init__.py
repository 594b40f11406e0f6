"""The entrance for people: the only package that knows HTTP."""
