"""Check the log of draws:  python3 verify_log.py CHECKPOINT --key KEY [...]

Python 3.8 or newer, nothing else: no packages, no network, Ed25519 included. One line for each
step; status 1 if any does not hold.

    verify_log.py NEW --key KEY                                who signed what
    verify_log.py NEW --key KEY --older OLD --consistency PROOF    nothing was taken back
    verify_log.py NEW --key KEY --receipt FILE --inclusion PROOF   an entry is in the log

CHECKPOINT, OLD: texts of /api/v1/public/draws/log/checkpoint, kept by you. KEY: the line of
/log/key, or a file with it; note it once, early. PROOF: the JSON of /log/proof/consistency or
/log/proof/inclusion. FILE: a bundle (zip), its commitment.json, or the JSON of an entry.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import sys
import zipfile
from typing import Any

# Ed25519, RFC 8032 section 5.1, in the coordinates of its section 6
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recovered(y: int, sign: int) -> Any:
    """The x of a point from its y, or None."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point(raw: bytes) -> Any:
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    x = recovered(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def added(p: Any, q: Any) -> Any:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n: int, p: Any) -> Any:
    total = (0, 1, 1, 0)
    while n:
        total = added(total, p) if n & 1 else total
        p, n = added(p, p), n >> 1
    return total


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recovered(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Is this an Ed25519 signature of the message by the key?"""
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = point(key), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + key + message).digest()
    left, right = times(s, BASE), added(r, times(int.from_bytes(hashed, "little") % ORDER, a))
    same_x = left[0] * right[2] % P == right[0] * left[2] % P
    return bool(same_x and left[1] * right[2] % P == right[1] * left[2] % P)


# Merkle proofs, RFC 9162 section 2.1


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def included(leaf: bytes, index: int, size: int, proof: Any, root: bytes) -> bool:
    if not 0 <= index < size:
        return False
    at, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            reached = node(sibling, reached)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            reached = node(reached, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and reached == root


def extends(first: int, second: int, old_root: bytes, new_root: bytes, proof: Any) -> bool:
    if not 1 <= first < second:
        return first == second and old_root == new_root and not proof
    path = ([old_root] if first & (first - 1) == 0 else []) + list(proof)
    if not path:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node(sibling, old), node(sibling, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


# Texts and files


def need(holds: Any, problem: str) -> None:
    if not holds:
        raise ValueError(problem)


def decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def key_of(text: str) -> Any:
    """(name, hash, key) of a key line, or of a file that holds it."""
    if os.path.exists(text):
        with open(text, encoding="utf-8") as file:
            text = file.read()
    name, number, encoded = text.strip().split("+", 2)
    raw = decoded(encoded)
    need(raw[:1] == b"\1" and len(raw) == 33, "the key is not an Ed25519 key")
    expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    need(number == expected.hex(), "the hash in the key's line does not fit the key")
    return name, expected, raw[1:]


def checkpoint(text: str, key: Any) -> Any:
    """(size, root) of a signed checkpoint."""
    body, separator, below = text.rpartition("\n\n")
    lines = body.split("\n")
    need(separator and len(lines) == 3, "it is not three lines, an empty line and signatures")
    need(re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]), "its second line is not a size")
    name, number, public = key
    need(lines[0] == name, "it is of another log: " + lines[0])
    mine = []
    for line in below.splitlines():
        dash, who, encoded = line.split(" ")
        raw = decoded(encoded)
        if dash == "\u2014" and who == name and raw[:4] == number:
            mine.append(raw[4:])
    need(mine, "no signature under it is of this key")
    need(
        all(signed(public, (body + "\n").encode(), one) for one in mine),
        "its signature is not of this text by this key",
    )
    return int(lines[1]), decoded(lines[2])


def receipt_of(path: str) -> Any:
    """The entry in a bundle, in commitment.json, or in the JSON of an entry."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as bundle:
            return json.loads(bundle.read("commitment.json"))["receipt"]
    with open(path, encoding="utf-8") as file:
        told = json.load(file)
    return told.get("receipt", told)


def verify(new: str, key: str, older: str, consistency: Any, receipt: Any, inclusion: Any) -> Any:
    """(step, holds, words) for each step; an empty text or None leaves a step out."""
    steps = []

    def step(name: str, check: Any) -> Any:
        try:
            words, value = check()
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
            steps.append((name, False, str(problem)))
            return None
        steps.append((name, True, words))
        return value

    def said(text: str) -> Any:
        size, root = checkpoint(text, key_of(key))
        return "%d entries, root %s" % (size, root.hex()), (size, root)  # noqa: UP031

    def grown() -> Any:
        (first, old_root), (second, new_root) = before, now
        need(first <= second, "it has more entries than the new one; exchange the two")
        need(first < second or old_root == new_root, "TWO ROOTS FOR ONE SIZE: the log was forked")
        proof = [bytes.fromhex(one) for one in (consistency or {"proof": []})["proof"]]
        holds = first == 0 or extends(first, second, old_root, new_root, proof)
        need(holds, "the proof does not lead from the older root to the newer one")
        return "the first %d of %d entries are the older log" % (first, second), None  # noqa: UP031

    def entry() -> Any:
        names = ("stream", "sequence", "kind", "recorded_at", "body")
        rest = {name: receipt[name] for name in names}
        previous, after = receipt["previous_hash"], receipt["hash"]
        text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        found = hashlib.sha256(b"\2" + bytes.fromhex(previous) + text.encode()).hexdigest()
        need(found == after, "its hash does not follow from what it says")
        return "entry %d, %s" % (rest["sequence"], rest["kind"]), (rest["sequence"], after)  # noqa: UP031

    def present() -> Any:
        size, root = now
        sequence, value = known
        leaf = hashlib.sha256(b"\0" + bytes.fromhex(value)).digest()
        need(inclusion["size"] == size, "the proof is for another size than the checkpoint's")
        proof = [bytes.fromhex(one) for one in inclusion["proof"]]
        holds = included(leaf, sequence - 1, size, proof, root)
        need(holds, "the proof does not lead from the entry to the checkpoint's root")
        return "it is entry %d of %d" % (sequence, size), None  # noqa: UP031

    now: Any = step("checkpoint", lambda: said(new))
    before: Any = step("older", lambda: said(older)) if older else None
    if now and before:
        step("consistency", grown)
    known: Any = step("receipt", entry) if receipt else None
    if now and known:
        step("inclusion", present)
    return steps


def options() -> Any:
    """The arguments of this program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint")
    for name in ("key", "older", "consistency", "receipt", "inclusion"):
        parser.add_argument("--" + name, required=name == "key", default="")
    return parser


def main(arguments: Any = None) -> int:
    given = options().parse_args(arguments)

    def text(path: str) -> str:
        if not path:
            return ""
        with open(path, encoding="utf-8") as file:
            return file.read()

    try:
        if bool(given.receipt) != bool(given.inclusion) or (given.consistency and not given.older):
            options().error("--receipt needs --inclusion, and --consistency needs --older")
        steps = verify(
            text(given.checkpoint),
            given.key,
            text(given.older),
            json.loads(text(given.consistency) or "null"),
            receipt_of(given.receipt) if given.receipt else None,
            json.loads(text(given.inclusion) or "null"),
        )
    except (OSError, LookupError, ValueError, zipfile.BadZipFile) as problem:
        sys.stderr.write(f"cannot be read: {problem}\n")
        return 2
    for name, holds, words in steps:
        sys.stdout.write(f"{'ok' if holds else 'DIFFERS':8} {name:12} {words}\n")
    return int(not all(holds for _, holds, _ in steps))


if __name__ == "__main__":
    sys.exit(main())
