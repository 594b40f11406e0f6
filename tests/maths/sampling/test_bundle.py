"""The bundle: frozen vectors, fixed bytes, and every changed byte named."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from core.chain import canonical_json
from sampling.maths import assignment, bundle
from sampling.maths.replay import check_bundle

VECTORS = Path(__file__).parents[2] / "vectors" / "draw-v1"
NAMES = sorted(path.stem for path in VECTORS.glob("*.json"))


def vector(name: str) -> dict[str, bytes]:
    parts = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["parts"]
    return {part: text.encode() for part, text in parts.items()}


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_v1_make", VECTORS / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wrong(parts: dict[str, bytes], noted: str = "") -> dict[str, str]:
    return {check.part: check.detail for check in check_bundle(parts, noted) if not check.agrees}


def resealed(parts: dict[str, bytes], part: str, **changes: Any) -> dict[str, bytes]:
    """What a forger does: change a part and make the manifest anew."""
    value = {**json.loads(parts[part]), **changes}
    forged = {**parts, part: canonical_json(value)}
    return {**forged, "manifest.json": bundle.manifest(forged)}


def test_the_frozen_vectors_still_come_out_byte_for_byte() -> None:
    module = maker()

    made = {name: module.text_of(parts) for name, parts in module.cases().items()}

    assert sorted(made) == NAMES
    for name, text in made.items():
        assert text == (VECTORS / f"{name}.json").read_text(encoding="utf-8"), name


def test_the_look_ahead_vector_needs_looking_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    used = []
    rounds = assignment.Rounds
    monkeypatch.setattr(
        rounds,
        "with_look_ahead",
        lambda self, completion, run=rounds.with_look_ahead: (
            used.append(1) or run(self, completion)
        ),
    )

    check_bundle(vector("look-ahead"))

    assert used == [1]


@pytest.mark.parametrize("name", NAMES)
def test_a_vector_agrees_in_every_part(name: str) -> None:
    checks = check_bundle(vector(name))

    assert [check.part for check in checks] == list(bundle.PARTS)
    assert all(check.agrees for check in checks)


@pytest.mark.parametrize("part", bundle.PARTS)
def test_any_one_changed_byte_is_named(part: str) -> None:
    parts = vector("plain")
    content = parts[part]

    for place in range(0, len(content), max(1, len(content) // 40)):
        changed = bytearray(content)
        changed[place] ^= 1

        assert list(wrong({**parts, part: bytes(changed)})) == [part], place


@pytest.mark.parametrize("part", bundle.PARTS)
def test_a_missing_part_is_named(part: str) -> None:
    parts = vector("plain")
    del parts[part]

    assert list(wrong(parts)) == [part]


def test_a_part_too_many_is_named() -> None:
    assert list(wrong({**vector("plain"), "extra.json": b"{}"})) == ["extra.json"]


def test_the_zip_has_the_same_bytes_whenever_it_is_made() -> None:
    parts = vector("plain")

    content = bundle.packed(dict(reversed(parts.items())))

    assert content == bundle.packed(parts)
    assert bundle.unpacked(content) == parts


def test_a_damaged_member_of_the_zip_is_named() -> None:
    parts = vector("plain")
    content = bytearray(bundle.packed(parts))
    content[content.index(parts["entropy.json"]) + 20] ^= 4

    assert list(wrong(bundle.unpacked(bytes(content)))) == ["entropy.json"]


def test_something_else_than_a_zip_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="this is not a zip"):
        bundle.unpacked(b"PK nothing of the kind")


def test_the_zip_is_stored_with_fixed_times(tmp_path: Path) -> None:
    path = tmp_path / "draw.zip"
    path.write_bytes(bundle.packed(vector("plain")))

    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()

    assert [member.filename for member in members] == list(bundle.PARTS)
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    assert {member.compress_type for member in members} == {zipfile.ZIP_STORED}


def test_a_commitment_noted_before_the_draw_must_be_the_bundles() -> None:
    parts = vector("plain")
    value = json.loads(parts["commitment.json"])["commitment"]

    assert wrong(parts, value.upper()) == {}
    assert list(wrong(parts, "0" * 64)) == ["commitment.json"]


def test_a_forged_roster_is_named_although_the_manifest_was_made_anew() -> None:
    parts = vector("plain")
    units = json.loads(parts["frame.json"])["units"]
    units[3][4] = "other"

    assert "its root is not frame_root" in wrong(resealed(parts, "frame.json", units=units)).get(
        "frame.json", ""
    )


@pytest.mark.parametrize(
    ("part", "changes", "named"),
    [
        ("protocol.json", {"protocol": "zhiheng-draw/v2"}, "protocol.json"),
        ("plan.json", {"visit_on": "2026-05-21"}, "plan.json"),
        ("inspectors.json", {"inspectors": []}, "inspectors.json"),
        ("commitment.json", {"commitment": "00" * 32}, "commitment.json"),
        ("entropy.json", {"sources": []}, "entropy.json"),
        ("draw.json", {"units": []}, "draw.json"),
        ("draw.json", {"seed": "00" * 32}, "draw.json"),
        ("assignment.json", {"teams": []}, "assignment.json"),
        ("assignment.json", {"openings": []}, "assignment.json"),
        ("assignment.json", {"blocking": ["X"]}, "assignment.json"),
        ("history.json", {"replacements": [{"replaces": "X"}]}, "history.json"),
    ],
)
def test_a_forged_part_is_named_although_the_manifest_was_made_anew(
    part: str, changes: dict[str, Any], named: str
) -> None:
    assert named in wrong(resealed(vector("plain"), part, **changes))


def test_another_throw_of_the_dice_gives_another_seed() -> None:
    parts = vector("plain")
    sources = json.loads(parts["entropy.json"])["sources"]
    sources[0]["value"] = "1" + sources[0]["value"][1:]

    found = wrong(resealed(parts, "entropy.json", sources=sources))

    assert found["draw.json"] == "the seed does not follow from commitment and entropy"


def test_a_replacement_that_skips_a_reserve_is_named() -> None:
    parts = vector("mixed-sm3-replaced-void")
    steps = json.loads(parts["history.json"])["replacements"]

    found = wrong(resealed(parts, "history.json", replacements=steps[1:]))

    assert found == {"history.json": f"{steps[1]['code']} is not the next reserve"}


def recusal(**changes: Any) -> dict[str, bytes]:
    """The vector with late recusals, its second one changed."""
    parts = vector("late-recusal")
    told = json.loads(parts["history.json"])["recusals"]
    told[1] = {**told[1], **changes}
    return resealed(parts, "history.json", recusals=told)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"in": "J999"}, "{code}: J999 is not the next in order"),
        ({"out": "J999"}, "{code}: J999 does not have seat {position}"),
        ({"position": 2}, "{code}: {out} does not have seat 2"),
        ({"position": -2}, "{code}: {out} does not have seat -2"),
        ({"after": 2}, "recusals are not in order"),
        ({"after": 3}, "recusals are not in order"),
    ],
)
def test_a_forged_recusal_is_told(changes: dict[str, Any], detail: str) -> None:
    true = json.loads(vector("late-recusal")["history.json"])["recusals"][1]

    assert wrong(recusal(**changes)) == {"history.json": detail.format(**true)}


def test_a_recusal_left_out_is_told_by_what_follows_from_it() -> None:
    parts = vector("late-recusal")
    told = json.loads(parts["history.json"])["recusals"]

    forged = resealed(parts, "history.json", recusals=told[1:])

    words = "{code}: {out} does not have seat {position}".format(**told[1])
    assert wrong(forged) == {"history.json": words}


@pytest.mark.parametrize("way", ["room", "seats", "one list", "a list twice"])
def test_a_shortage_that_is_none_is_told(way: str) -> None:
    parts = vector("shortage")
    told = json.loads(parts["assignment.json"])["shortage"]
    first = told["lists"][0]
    forms: dict[str, dict[str, Any]] = {
        "room": {"room": told["room"] - 1},
        "seats": {"seats": told["seats"] + 1},
        "one list": {"lists": [first], "seats": 1, "room": 1},
        "a list twice": {"lists": [first, *told["lists"]], "seats": told["seats"] + 1},
    }

    forged = resealed(parts, "assignment.json", shortage={**told, **forms[way]})

    assert wrong(forged) == {"assignment.json": "the shortage is none"}


def test_somebody_of_another_department_in_a_joint_team_is_told() -> None:
    parts = vector("joint")
    teams = json.loads(parts["assignment.json"])["teams"]
    first = teams[0]["inspectors"]
    teams[0] = {**teams[0], "inspectors": [first[2], *first[1:2], first[0], *first[3:]]}

    forged = resealed(parts, "assignment.json", teams=teams)

    assert wrong(forged)["assignment.json"] == "other teams"
