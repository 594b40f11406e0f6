"""The log of draws over HTTP, and both verifiers on what it gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from runtime import verify_log as command
from sampling.maths.embargo import check_embargoed
from sampling.service import log
from sampling.verifier import verify_log
from tests.api.test_sampling import city, drawn, lead, second, visitor

__all__ = ["city", "lead", "second", "visitor"]  # fixtures of the neighbour

LOG = "/api/v1/public/draws/log"


@pytest.fixture
def saved(
    session: Session, client: Any, tmp_path: Path, frozen_clock: Callable[[str], Any]
) -> dict[str, str]:
    """Two checkpoints, the proof between them, an entry and its proof, the key: as files."""
    frozen_clock("2026-11-18T01:00:00+00:00")
    files = {}

    def keep(name: str, content: str) -> None:
        files[name] = str(tmp_path / name)
        (tmp_path / name).write_text(content, encoding="utf-8")

    def grow(count: int) -> None:
        for n in range(count):
            log.record(session, "plan.void", {"no": f"X{n}", "reason": "名录有误", "was": "x"})
        log.sign_log(session)
        session.commit()

    grow(5)
    keep("old", client.get(f"{LOG}/checkpoint").text)
    grow(8)
    keep("new", client.get(f"{LOG}/checkpoint").text)
    keep("consistency", client.get(f"{LOG}/proof/consistency?from=6").text)
    keep("inclusion", client.get(f"{LOG}/proof/inclusion?sequence=3").text)
    (entry,) = client.get(f"{LOG}/entries?from=3&to=3").json["items"]
    keep("entry", json.dumps(entry))
    keep("key", client.get(f"{LOG}/key").json["items"][0]["key"])
    return files


def arguments(files: dict[str, str]) -> list[str]:
    return [
        files["new"],
        *("--key", files["key"], "--older", files["old"], "--consistency", files["consistency"]),
        *("--receipt", files["entry"], "--inclusion", files["inclusion"]),
    ]


def change(path: str, old: str, new: str) -> None:
    text = Path(path).read_text(encoding="utf-8")
    assert old in text
    Path(path).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_what_was_saved_is_verified_offline(
    saved: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(arguments(saved)) == 0

    told = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in told[:5]] == [
        ["ok", name] for name in ("checkpoint", "older", "consistency", "receipt", "inclusion")
    ]
    assert "the first 6 of 14 entries are the older log" in told[2]
    assert "it is entry 3 of 14" in told[4]


def test_each_change_is_named_by_its_step(
    saved: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    cases = [
        ("new", "\n14\n", "\n15\n", "checkpoint", "its signature is not of this text by this key"),
        ("old", "\n6\n", "\n5\n", "older", "its signature is not of this text by this key"),
        ("entry", "X2", "X1", "receipt", "its hash does not follow from what it says"),
        ("inclusion", '"size":14', '"size":13', "inclusion", "another size"),
        ("new", "zhiheng-draw-log", "other-log", "checkpoint", "it is of another log"),
    ]
    for name, old, new, step, words in cases:
        before = Path(saved[name]).read_text(encoding="utf-8")
        change(saved[name], old, new)

        assert verify_log.main(arguments(saved)) == 1, name

        told = [line for line in capsys.readouterr().out.splitlines() if line[:7] == "DIFFERS"]
        assert [line.split()[1] for line in told] == [step]
        assert words in told[0]
        Path(saved[name]).write_text(before, encoding="utf-8")


@pytest.mark.parametrize("name", ["consistency", "inclusion"])
def test_a_changed_hash_in_a_proof_is_noticed(
    saved: dict[str, str], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    told = json.loads(Path(saved[name]).read_text(encoding="utf-8"))
    first = told["proof"][0]
    told["proof"][0] = ("0" if first[0] != "0" else "1") + first[1:]
    Path(saved[name]).write_text(json.dumps(told), encoding="utf-8")

    assert verify_log.main(arguments(saved)) == 1
    assert f"DIFFERS  {name}" in capsys.readouterr().out


def test_two_roots_for_one_size_are_called_a_fork(
    saved: dict[str, str], session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    from sampling.maths import notes
    from sampling.service.log import _signing_key

    key, private = _signing_key(session)
    checkpoint = notes.Checkpoint(key.origin, 14, bytes(32))
    public = notes.PublicKey(key.origin, bytes(key.key))
    signed = notes.note(checkpoint, [(public, private.sign(checkpoint.text.encode()))])
    Path(saved["old"]).write_text(signed, encoding="utf-8")

    assert verify_log.main(arguments(saved)) == 1
    assert "TWO ROOTS FOR ONE SIZE: the log was forked" in capsys.readouterr().out


def test_the_own_ed25519_agrees_with_the_library() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = private.public_key().public_bytes_raw()
    for length in range(6):
        message = bytes(range(length))
        signature = private.sign(message)
        assert verify_log.signed(public, message, signature)
        assert not verify_log.signed(public, message + b"x", signature)
        for place in (0, 31, 32, 63):
            changed = bytearray(signature)
            changed[place] ^= 1
            assert not verify_log.signed(public, message, bytes(changed))


def test_the_own_ed25519_gives_the_published_answers() -> None:
    """RFC 8032, section 7.1, tests 1 and 2."""
    cases = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ]
    for key, message, signature in cases:
        parts = [bytes.fromhex(text) for text in (key, message, signature)]
        assert verify_log.signed(*parts)


def test_a_range_that_is_not_there_is_refused_in_words(saved: dict[str, str], client: Any) -> None:
    far = client.get(f"{LOG}/proof/inclusion?sequence=99", headers={"Accept-Language": "en"})

    assert far.status_code == 422
    assert "[1, 14], got 99" in far.text
    assert client.get(f"{LOG}/entries?from=0").status_code in (400, 422)
    assert client.get(f"{LOG}/checkpoints?below=14").json["items"][0]["size"] == 6


def test_an_empty_log_says_so(client: Any, session: Session) -> None:
    assert client.get(f"{LOG}/checkpoint").status_code == 404
    assert client.get("/draws/log").status_code == 200


def test_the_page_shows_checkpoint_entries_and_key(saved: dict[str, str], client: Any) -> None:
    page = client.get("/draws/log?lang=en")

    assert page.status_code == 200
    assert Path(saved["new"]).read_text(encoding="utf-8").splitlines()[2] in page.text
    assert Path(saved["key"]).read_text(encoding="utf-8").split("+")[0] in page.text
    assert "verify_log.py" in page.text
    assert client.get(f"{LOG}/verify_log.py").data.startswith(b'"""Check the log of draws')


def test_a_closed_list_has_its_form_on_the_page_and_in_the_api(
    lead: Any, second: Any, visitor: Any
) -> None:
    plan_no, _ = drawn(lead, second, disclose_on="2026-12-01")

    page = visitor.get(f"/v/{plan_no}?lang=en")
    form = visitor.get(f"/api/v1/public/draws/{plan_no}/embargoed.json")

    assert "Embargoed form" in page.text
    assert form.status_code == 200
    assert all(check.agrees for check in check_embargoed(form.json))
    assert visitor.get(f"/api/v1/public/draws/{plan_no}/bundle.zip").status_code == 409


def test_draws_of_others_are_recomputed_over_http_and_on_the_page(client: Any) -> None:
    log_text = "pool: 25\nsource: 9319\nsource: 2 5 12 8 10\nsource: 9 18 26 34 41 45\n"
    good = {"method": "rfc3797", "log": f"{log_text}selected: 17 7 2"}

    answer = client.post(f"{LOG}/verify-other", json=good)
    bad = client.post(f"{LOG}/verify-other", json={**good, "log": f"{log_text}selected: 17 7 3"})
    odd = client.post(f"{LOG}/verify-other", json={**good, "log": "selected: 1"})
    page = client.post("/draws/others?lang=en", data=good)
    faulty = client.post("/draws/others?lang=en", data={**good, "log": "{"})

    assert answer.json["agrees"] is True
    assert bad.json["agrees"] is False
    assert [pick["agrees"] for pick in bad.json["picks"]] == [True, True, False]
    assert odd.status_code == 422
    assert "pool is missing" in odd.text
    assert "Every pick agrees" in page.text
    assert faulty.status_code == 422
    assert client.post("/draws/others", data={"method": "x", "log": "y"}).status_code == 422
