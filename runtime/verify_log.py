"""``zhiheng verify-log``: saved checkpoints, proofs and receipts of the log, checked offline.

The steps and their words are those of the standalone ``verify_log.py``, which anyone can read and
run alone. Its Ed25519 gets a second opinion here, by the library that the log signs with.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sampling.maths import notes
from sampling.verifier import verify_log

HONESTY = """\
A log that shows you one checkpoint and somebody else another is found out only when the two are
compared: keep yours, and exchange them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the arguments name; prints a line for each step.

    Returns
    -------
    int
        0 if every step holds, 1 if one does not, 2 if something cannot be read.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    status = verify_log.main(given)
    if status == 0:
        named = verify_log.options().parse_args(given)
        if not _is_signed(Path(named.checkpoint).read_text(encoding="utf-8"), named.key):
            print("DIFFERS  checkpoint   the two implementations of Ed25519 do not agree")
            return 1
        print(HONESTY)
    return status


def _is_signed(text: str, key: str) -> bool:
    line = Path(key).read_text(encoding="utf-8") if Path(key).exists() else key
    public = notes.public_key(line)
    checkpoint, signatures = notes.parsed(text)
    for one in signatures:
        if one.name == public.name and one.key_hash == public.hash:
            try:
                Ed25519PublicKey.from_public_bytes(public.key).verify(
                    one.value, checkpoint.text.encode()
                )
            except InvalidSignature:
                return False
    return True
