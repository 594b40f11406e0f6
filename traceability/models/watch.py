"""Armed seeds, responsibility and what was asked of whom."""

from __future__ import annotations
