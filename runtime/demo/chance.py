"""What a real draw takes from dice, a beacon or the operating system, invented from the seed."""

from __future__ import annotations

import hashlib

from runtime.demo.city import NOTICE, City

DICE = 50


def invented(city: City, what: str) -> bytes:
    """32 bytes that a real draw would take from dice, a beacon or the operating system."""
    return hashlib.sha256(f"{NOTICE}/{city.seed}/{what}".encode()).digest()


def invented_dice(city: City, what: str = "dice") -> str:
    """Faces of the thrown dice of a draw of the demo."""
    faces = ""
    block = 0
    while len(faces) < DICE:
        # 252 = 6 x 42: bytes from there on would favour low faces.
        faces += "".join(
            str(byte % 6 + 1) for byte in invented(city, f"{what}/{block}") if byte < 252
        )
        block += 1
    return faces[:DICE]
