"""Defect cases and recalls: scope, legal clocks, notices."""
