"""What EPCIS events say in the words of ledgers: derived, bitemporal, rebuildable."""

from __future__ import annotations
