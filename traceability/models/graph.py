"""Edges between holdings: derived, bitemporal, rebuildable."""

from __future__ import annotations
