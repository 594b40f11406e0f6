"""Which release this is."""

from __future__ import annotations

import configparser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def release() -> str:
    """The version: of the checkout we run from, else of the installed package."""
    metadata = Path(__file__).parent.parent / "setup.cfg"
    if metadata.is_file():
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(metadata, encoding="utf-8")
        if parser.get("metadata", "name", fallback="") == "zhiheng":
            return parser.get("metadata", "version")
    try:
        return version("zhiheng")
    except PackageNotFoundError:
        return "unknown"
