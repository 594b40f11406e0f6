"""The tampering matrix: every change is met by both verifiers in the words of the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.chain import canonical_json
from runtime import verify
from sampling.maths import bundle
from sampling.maths.log_check import check_against_log
from tests.maths.sampling import tampering
from tests.maths.sampling.tampering import CASES, Case, log_of, told, vector

# Changes that leave a bundle consistent in itself: only the log, or a noted commitment, tells.
SILENT = {
    "nothing: the manifest made anew as it was",
    "the last replacement is removed",
    "the reason of a replacement is changed",
    "the void is hidden",
    "a seat passed on is hidden",
    "other dice, and everything after them drawn anew",
    "the whole made anew with another quota; the reader has noted nothing",
}


def named(case: Case) -> str:
    return case.words


@pytest.mark.parametrize("case", CASES, ids=named)
def test_both_verifiers_find_the_same_parts_wrong(case: Case) -> None:
    parts, noted = tampering.tampered(case), tampering.noted_of(case)

    product, standalone = tampering.product(parts, noted), told(parts, noted)

    assert product.keys() == standalone.keys()
    assert bool(standalone) == (case.words not in SILENT)


@pytest.mark.parametrize("case", [c for c in CASES if c.words in SILENT][1:], ids=named)
def test_what_a_bundle_hides_the_log_tells(case: Case) -> None:
    assert tampering.told_with_log(case) != {}


def test_the_page_says_what_the_verifiers_say() -> None:
    assert tampering.PAGE.read_text(encoding="utf-8") == tampering.page()


@pytest.mark.parametrize("base", ["plain", tampering.MIXED, "late-recusal"])
def test_an_honest_bundle_agrees_with_its_log(base: str) -> None:
    checks = check_against_log(vector(base), log_of(vector(base)))

    assert [check.part for check in checks] == [
        *("(log)", "commitment.json", "draw.json", "history.json")
    ]
    assert all(check.agrees for check in checks)


def test_a_log_with_a_gap_or_a_changed_entry_is_no_log() -> None:
    parts = vector(tampering.MIXED)
    entries = log_of(parts)
    changed = [dict(entry) for entry in entries]
    changed[2]["body"] = {**changed[2]["body"], "reason": "x"}

    (gap,) = check_against_log(parts, [*entries[:2], *entries[3:]])
    (other,) = check_against_log(parts, changed)
    (none,) = check_against_log(parts, [])
    (odd,) = check_against_log(parts, [{"sequence": 1}])

    assert gap.detail == "entry 4 does not follow from the one before it"
    assert other.detail == "the hash of entry 3 does not follow from what it says"
    assert none.detail == "the log given has no entry"
    assert odd.detail.startswith("malformed")


def test_entries_under_embargo_are_counted_without_being_read() -> None:
    parts = vector(tampering.MIXED)
    closed = [
        {**entry, "is_whole": False, "body": {"no": entry["body"]["no"]}, "recorded_at": None}
        if entry["kind"] == "unit.replaced"
        else entry
        for entry in log_of(parts)
    ]
    hidden = {**json.loads(parts["history.json"]), "replacements": []}

    assert all(check.agrees for check in check_against_log(parts, closed))
    found = check_against_log({**parts, "history.json": canonical_json(hidden)}, closed)
    assert found[-1].detail == "the log has 2 replacements, the bundle 0"


def test_the_command_compares_with_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = next(one for one in CASES if one.words == "the void is hidden")
    parts = tampering.tampered(case)
    (tmp_path / "draw.zip").write_bytes(bundle.packed(parts))
    entries = {"size": 5, "items": log_of(vector(case.base))}
    (tmp_path / "entries.json").write_text(json.dumps(entries), encoding="utf-8")
    arguments = [str(tmp_path / "draw.zip"), "--log", str(tmp_path / "entries.json")]

    assert verify.main(arguments[:1]) == 0
    assert verify.main(arguments) == 1
    assert "the log says that the plan is void" in capsys.readouterr().out
    (tmp_path / "entries.json").write_text("[1]", encoding="utf-8")
    assert verify.main(arguments) == 2
