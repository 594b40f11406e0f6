"""The EPCIS journal: captures, events, their items, identifiers and documents."""

from __future__ import annotations
