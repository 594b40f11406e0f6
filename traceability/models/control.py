"""Cleaning and other steps that end contamination."""

from __future__ import annotations
