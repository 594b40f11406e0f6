"""The proof bundle: JSON parts in canonical form, a manifest, and one zip with fixed bytes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.chain import canonical_json
from sampling.maths.assignment import Assignment, Inspector
from sampling.maths.commitment import PROTOCOL, FrameUnit, in_frame_order
from sampling.maths.draw import StratifiedDraw
from sampling.maths.shortage import Shortage

JSON_PARTS: Final = (
    "protocol.json",
    "plan.json",
    "frame.json",
    "inspectors.json",
    "commitment.json",
    "entropy.json",
    "draw.json",
    "assignment.json",
    "history.json",
)
PARTS: Final = (*JSON_PARTS, "README.txt", "verify_draw.py", "manifest.json")
FORMAT: Final = "zhiheng-draw-bundle/v1"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_LARGEST_BUNDLE: Final = 2**30

README: Final = """\
抽签证明包 · Proof bundle of a random draw

本包含有重新计算这次抽签和检查人员分派所需的全部内容。在任何装有 Python 3.8 以上的电脑上:
This archive holds everything needed to recompute the draw and the assignment. With Python 3.8+:

    python3 verify_draw.py BUNDLE.zip [COMMITMENT]

COMMITMENT 是抽签之前公布的承诺值, 请使用您自己当时记下的值: 没有它, 无从证明整包不是事后编造。
COMMITMENT is the value published before the draw. Use the one you noted yourself at that time:
without it, nothing proves that the whole archive was not made afterwards.

protocol.json     规则版本            version of the rules
plan.json         计划: 分层、数量、随机源   plan: strata, quotas, sources of entropy
frame.json        锁定的名录           the frozen roster
inspectors.json   检查人员库           the inspectors, by number
commitment.json   承诺值与登记         commitment and its entry in the journal
entropy.json      骰子与公开随机源的值     dice and values of the public sources
draw.json         种子、抽中与候补       seed, drawn units and reserves
assignment.json   检查人员分派         teams of inspectors
history.json      替换与作废           replacements, and whether the draw is void
verify_draw.py    独立验证程序         the standalone verifier
manifest.json     各部分的 SHA-256      SHA-256 of each part
"""


def frame_part(units: Sequence[FrameUnit]) -> dict[str, Any]:
    """The roster as rows, in frame order."""
    columns = ["code", "stratum", "odds_num", "odds_den", "category", "region", "recused"]
    has_chances = any(unit.chance is not None for unit in units)
    return {
        "columns": [*columns, "chance"] if has_chances else columns,
        "units": [
            [
                unit.code,
                unit.stratum,
                unit.odds_num,
                unit.odds_den,
                unit.category,
                unit.region,
                unit.recused.hex(),
                *([unit.chance] if has_chances else ()),
            ]
            for unit in sorted(units, key=lambda unit: in_frame_order(unit.code))
        ],
    }


def inspector_record(inspector: Inspector, name: str | None = None) -> dict[str, Any]:
    """What is committed and published about an inspector; a name only if the plan says so."""
    until = inspector.certificate_until

    def listed(codes: frozenset[str] | None) -> list[str] | None:
        return None if codes is None else sorted(codes)

    record = {
        "id": inspector.id,
        "senior": inspector.is_senior,
        "categories": listed(inspector.categories),
        "regions": listed(inspector.regions),
        "certificate_until": until.isoformat() if until else None,
        "load": inspector.load,
        "cap": inspector.cap,
    }
    # Keys that came later stand only where they are meant: older records keep their bytes.
    later = {"name": name, "pool": inspector.pool, "department": inspector.department}
    return {**record, **{key: str(value) for key, value in later.items() if value is not None}}


def inspectors_part(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The inspectors' records, in the order of ids."""
    return {"inspectors": sorted(records, key=lambda record: in_frame_order(record["id"]))}


def draw_part(drawn: StratifiedDraw) -> dict[str, Any]:
    """Seed, sample and reserves."""
    return {
        "seed": drawn.seed.hex(),
        "units": [
            {
                "stratum": unit.stratum,
                "rank": unit.rank,
                "code": unit.code,
                "ticket": unit.ticket.hex(),
                "selected": unit.is_selected,
            }
            for unit in drawn.units
        ],
    }


def opening(code: str, salt: bytes, recused: frozenset[str]) -> dict[str, Any]:
    """The recusals of one drawn unit, opened: with the salt anyone can check the roster's hash."""
    return {"code": code, "salt": salt.hex(), "recused": sorted(recused, key=in_frame_order)}


def assignment_part(
    assignment: Assignment,
    openings: Sequence[Mapping[str, Any]],
    lack: Shortage | None = None,
) -> dict[str, Any]:
    """Teams in the order of dispatch, or the units that block them, and why in few words."""
    told = {
        "lists": [list(one) for one in lack.lists] if lack else [],
        "seats": lack.seats if lack else 0,
        "room": lack.room if lack else 0,
    }
    part = {
        "teams": [{"code": t.code, "inspectors": list(t.inspectors)} for t in assignment.teams],
        "blocking": [blocked.code for blocked in assignment.blocking],
        "openings": list(openings),
    }
    return {**part, "shortage": told} if lack else part


def sealed(parts: Mapping[str, Any], verifier: bytes) -> dict[str, bytes]:
    """All parts as bytes, with the manifest that lists them.

    Parameters
    ----------
    parts : mapping
        JSON value by name, for each of ``JSON_PARTS`` but protocol.json.
    verifier : bytes
        The text of the standalone verifier.
    """
    sealed_parts = {
        name: canonical_json({"protocol": PROTOCOL} if name == "protocol.json" else parts[name])
        for name in JSON_PARTS
    }
    sealed_parts["README.txt"] = README.encode()
    sealed_parts["verify_draw.py"] = verifier
    sealed_parts["manifest.json"] = manifest(sealed_parts)
    return sealed_parts


def manifest(parts: Mapping[str, bytes]) -> bytes:
    """SHA-256 of each part, and of that list: so a change of the list itself is told apart."""
    listed = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in parts.items()
        if name != "manifest.json"
    }
    return manifest_of(listed)


def manifest_of(listed: Mapping[str, str]) -> bytes:
    """The manifest for a list of hashes by name."""
    own = hashlib.sha256(canonical_json(listed)).hexdigest()
    return canonical_json({"format": FORMAT, "parts": listed, "self": own})


def packed(parts: Mapping[str, bytes]) -> bytes:
    """The zip of some parts: the same bytes for the same parts, everywhere.

    Stored, not compressed: compressors differ between versions.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in [*(n for n in PARTS if n in parts), *sorted(set(parts) - set(PARTS))]:
            member = zipfile.ZipInfo(name, _EPOCH)
            member.create_system = 3
            member.external_attr = 0o644 << 16
            archive.writestr(member, parts[name])
    return target.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    """The parts of a zip. A damaged part becomes a text that no manifest lists.

    Raises
    ------
    ValueError
        If this is no zip, or holds more than a bundle can.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ValueError(f"this is not a zip: {error}") from None
    parts = {}
    with archive:
        if sum(member.file_size for member in archive.infolist()) > _LARGEST_BUNDLE:
            raise ValueError("a bundle holds at most 1 GiB")
        for member in archive.infolist():
            try:
                parts[member.filename] = archive.read(member)
            except (
                zipfile.BadZipFile,
                zipfile.LargeZipFile,
                EOFError,
                NotImplementedError,
                RuntimeError,
                ValueError,
            ) as error:
                parts[member.filename] = f"damaged: {error}".encode()
    return parts
