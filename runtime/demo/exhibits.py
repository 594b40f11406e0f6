"""Invented evidence: a plain page of text, and a picture that stands for a photo."""

from __future__ import annotations

import struct
import zlib

from runtime.demo.chance import invented
from runtime.demo.city import NOTICE, City

_WIDTH, _HEIGHT = 320, 240


def page(city: City, title: str, *lines: str) -> bytes:
    """A page of text that says that it is invented."""
    return "\n".join((f"{title}（演示）", "", *lines, "", NOTICE, "")).encode()


def picture(city: City, what: str) -> bytes:
    """A PNG of four bands whose colours come from the seed; no photo of anything."""
    colours = invented(city, f"picture/{what}")
    bands = [colours[place : place + 3] for place in range(0, 12, 3)]
    rows = b"".join(b"\0" + bands[4 * row // _HEIGHT] * _WIDTH for row in range(_HEIGHT))
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows, 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
