"""Checkpoints of a log as text that anybody can keep: three lines, and signatures under them.

References
----------
C2SP (2024). tlog-checkpoint and signed-note: community specifications, c2sp.org.
RFC 8032 (2017). Edwards-Curve Digital Signature Algorithm, for Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

ED25519: Final = b"\x01"  # the algorithm byte of signed-note
_MARK: Final = "— "  # em dash and blank, before each signature
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: its name, how many entries it has, and their root."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        _checked_name(self.origin)
        if self.size < 0 or len(self.root) != 32:
            raise ValueError("a checkpoint has a size of at least 0 and a root of 32 bytes")

    @property
    def text(self) -> str:
        """The text that is signed, its last line ended."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line, taken apart."""

    name: str
    key_hash: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The key that a log signs with."""

    name: str
    key: bytes

    def __post_init__(self) -> None:
        _checked_name(self.name)
        if len(self.key) != 32:
            raise ValueError(f"an Ed25519 key has 32 bytes, got {len(self.key)}")

    @property
    def hash(self) -> bytes:
        """Four bytes that tell keys of one name apart; no protection by themselves."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:4]

    @property
    def text(self) -> str:
        """The verifier key as one line: name+hash+base64(algorithm ‖ key)."""
        return f"{self.name}+{self.hash.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"


def public_key(text: str) -> PublicKey:
    """A verifier key from its line.

    Raises
    ------
    ValueError
        If it is not one, or its hash does not fit.
    """
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise ValueError("a key reads name+hash+base64")
    raw = _bytes(parts[2])
    if raw[:1] != ED25519 or len(raw) != 33:
        raise ValueError("the key is not an Ed25519 key")
    found = PublicKey(parts[0], raw[1:])
    if found.hash.hex() != parts[1]:
        raise ValueError(f"the key's hash is {found.hash.hex()}, its line says {parts[1]}")
    return found


def signature_line(key: PublicKey, value: bytes) -> str:
    """One signature as it stands under a note."""
    return f"{_MARK}{key.name} {base64.b64encode(key.hash + value).decode()}\n"


def note(checkpoint: Checkpoint, signatures: list[tuple[PublicKey, bytes]]) -> str:
    """The signed text: the checkpoint, an empty line, the signatures."""
    return checkpoint.text + "\n" + "".join(signature_line(*each) for each in signatures)


def parsed(text: str) -> tuple[Checkpoint, tuple[Signature, ...]]:
    """A signed checkpoint taken apart; signatures are not verified here.

    Raises
    ------
    ValueError
        If the text is not a signed checkpoint; the message says what is wrong.
    """
    body, separator, below = text.rpartition("\n\n")
    if not separator or not below.endswith("\n"):
        raise ValueError("a checkpoint is three lines, an empty line, and signature lines")
    lines = body.split("\n")
    if len(lines) != 3:
        raise ValueError(f"a checkpoint here has 3 lines, got {len(lines)}")
    if _SIZE.fullmatch(lines[1]) is None:
        raise ValueError(f"the size must be a whole number without leading zeros, got {lines[1]!r}")
    signatures = []
    for line in below.splitlines():
        name, blank, encoded = line.removeprefix(_MARK).partition(" ")
        raw = _bytes(encoded)
        if not line.startswith(_MARK) or not blank or len(raw) <= 4:
            raise ValueError(f"not a signature line: {line!r}")
        signatures.append(Signature(name, raw[:4], raw[4:]))
    return Checkpoint(lines[0], int(lines[1]), _bytes(lines[2])), tuple(signatures)


def _checked_name(name: str) -> str:
    if not name or "+" in name or any(c.isspace() or not c.isprintable() for c in name):
        raise ValueError(f"the name {name!r} must be printable, without blanks and '+'")
    return name


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"not base64: {text!r}") from None
