"""The transparency log: every entry a leaf, checkpoints that only grow, bodies under embargo."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import journal
from core.chain import leaf_hash, verify_consistency, verify_inclusion
from core.clock import frozen
from core.unit_of_work import PUBLIC_ACCESS, read_only, unit_of_work
from sampling import errors
from sampling.maths import notes
from sampling.queries import log as queries
from sampling.service import changing, log
from tests.services.sampling.conftest import City
from tests.services.sampling.test_draw_service import drawn

Clock = Callable[[str], Any]
MOMENT = datetime.fromisoformat("2026-11-18T01:00:00+00:00")


def grown(session: Session, count: int) -> None:
    for n in range(count):
        log.record(session, "plan.void", {"no": f"X{n}", "reason": "r", "was": "committed"})


def holds(note: str, key: str) -> bool:
    """Is the note signed by this key? By another library than the one that reads the note."""
    checkpoint, signatures = notes.parsed(note)
    public = notes.public_key(key)
    for one in signatures:
        if one.key_hash == public.hash:
            try:
                Ed25519PublicKey.from_public_bytes(public.key).verify(
                    one.value, checkpoint.text.encode()
                )
            except InvalidSignature:
                return False
            return True
    return False


def test_an_empty_log_is_not_signed(session: Session) -> None:
    assert log.sign_log(session) is None
    with pytest.raises(errors.LogEmpty):
        queries.latest_checkpoint(session)


def test_a_checkpoint_covers_every_entry_and_the_key_is_one_of_them(session: Session) -> None:
    grown(session, 3)

    log.sign_log(session)

    found = queries.latest_checkpoint(session)
    entries = queries.log_entries(session, first=1, last=100)
    assert [one.kind for one in entries] == ["plan.void"] * 3 + ["log.key"]
    assert found.size == 4
    assert entries[3].body["key"] == found.key
    assert holds(found.note, found.key)
    assert notes.parsed(found.note)[0].root.hex() == found.root


def test_signing_again_changes_nothing(session: Session) -> None:
    grown(session, 2)
    first = log.sign_log(session)

    assert log.sign_log(session) is first
    assert len(queries.checkpoints(session, limit=9)) == 1


def test_proofs_lead_from_entries_to_checkpoints_of_every_size(session: Session) -> None:
    for _ in range(3):
        grown(session, 3)
        log.sign_log(session)
    sizes = [one.size for one in reversed(queries.checkpoints(session, limit=9))]

    assert sizes == [4, 7, 10]
    for size in sizes:
        for entry in queries.log_entries(session, first=1, last=size):
            proof = queries.inclusion(session, sequence=entry.sequence, size=size)
            assert verify_inclusion(
                leaf=leaf_hash(bytes.fromhex(entry.hash)),
                index=entry.sequence - 1,
                size=size,
                proof=[bytes.fromhex(one) for one in proof.proof],
                root=bytes.fromhex(proof.root),
            )
    link = queries.consistency(session, first=4, second=10)
    assert verify_consistency(
        first=4,
        second=10,
        first_root=bytes.fromhex(link.first_root or ""),
        second_root=bytes.fromhex(link.root),
        proof=[bytes.fromhex(one) for one in link.proof],
    )


def test_ranges_that_no_checkpoint_covers_are_named(session: Session) -> None:
    grown(session, 3)
    log.sign_log(session)

    with pytest.raises(errors.LogRange, match=r"sequence must lie in \[1, 4\], got 5"):
        queries.inclusion(session, sequence=5, size=None)
    with pytest.raises(errors.LogRange, match=r"from must lie in \[1, 3\], got 4"):
        queries.consistency(session, first=4, second=3)
    with pytest.raises(errors.LogRange, match=r"to must lie in \[1, 1000\], got 1001"):
        queries.log_entries(session, first=1, last=1001)


def test_a_changed_entry_stops_the_signing(session: Session) -> None:
    grown(session, 2)
    log.sign_log(session)
    grown(session, 2)
    session.execute(text("ALTER TABLE journal_entry DISABLE TRIGGER ALL"))
    session.execute(
        update(journal.JournalEntry)
        .where(journal.JournalEntry.stream == "draw", journal.JournalEntry.sequence == 5)
        .values(body={"no": "X1", "reason": "another", "was": "committed"})
    )

    with pytest.raises(errors.LogBroken, match="Entry 5 "):
        log.sign_log(session)


def test_what_was_signed_cannot_be_changed(session: Session) -> None:
    grown(session, 1)
    log.sign_log(session)

    for table in ("log_key", "log_secret", "log_node", "log_checkpoint"):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(f"DELETE FROM {table}"))


def test_a_new_key_is_an_entry_and_the_old_one_signs_the_change(session: Session) -> None:
    grown(session, 1)
    log.sign_log(session)
    old = queries.latest_checkpoint(session).key

    log.rotate_key(session, reason="the machine was sold")
    log.sign_log(session)

    found = queries.latest_checkpoint(session)
    assert found.key != old
    assert holds(found.note, found.key)
    assert holds(found.note, old)
    keys = queries.log_keys(session)
    assert [(one.is_current, one.reason) for one in keys] == [
        (True, "the machine was sold"),
        (False, None),
    ]
    assert queries.log_entries(session, first=3, last=3)[0].body == {
        "key": found.key,
        "reason": "the machine was sold",
    }


def test_a_key_of_the_environment_signs_and_its_secret_is_not_kept(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIHENG_LOG_KEY", "11" * 32)
    grown(session, 1)
    log.sign_log(session)
    assert session.execute(text("SELECT count(*) FROM log_secret")).scalar_one() == 0

    monkeypatch.delenv("ZHIHENG_LOG_KEY")
    grown(session, 1)
    with pytest.raises(errors.LogKeyMissing):
        log.sign_log(session)

    monkeypatch.setenv("ZHIHENG_LOG_KEY", "22" * 32)
    log.sign_log(session)
    monkeypatch.setenv("ZHIHENG_LOG_KEY", "11" * 32)
    with pytest.raises(errors.LogKeyRetired):
        log.sign_log(session)


def test_before_the_list_is_public_no_body_tells_of_it(city: City, at: Clock) -> None:
    plan_no = drawn(city, at, disclose_on=date(2023, 9, 20))
    unit = city.session.execute(
        text("SELECT code FROM drawn_unit WHERE is_selected ORDER BY code LIMIT 1")
    ).scalar_one()
    changing.replace_unit(city.session, city.lead, plan_no, code=unit, reason="closed")
    log.sign_log(city.session)

    entries = {one.kind: one for one in queries.log_entries(city.session, first=1, last=9)}

    assert entries["plan.committed"].is_whole
    assert entries["draw.made"].body.keys() == {"no", "parts"}
    assert entries["unit.replaced"].body == {"no": plan_no}
    assert entries["unit.replaced"].recorded_at is None
    assert entries["unit.replaced"].opens_on == date(2023, 9, 20)

    at("2023-09-20T01:00:00+00:00")
    later = {one.kind: one for one in queries.log_entries(city.session, first=1, last=9)}
    assert later["unit.replaced"].body["replaces"] == unit
    assert len(later["unit.replaced"].body["salt"]) == 64  # or the hash could be guessed
    assert later["draw.made"].body.keys() == {"no", "parts", "seed"}
    assert later["draw.made"].hash == entries["draw.made"].hash


@pytest.mark.usefixtures("committed")
def test_two_workers_at_once_sign_one_checkpoint() -> None:
    with unit_of_work() as session:
        grown(session, 40)
    gate = threading.Barrier(4)
    problems: list[BaseException] = []

    def work() -> None:
        gate.wait()
        try:
            with frozen(MOMENT), unit_of_work() as session:
                log.sign_log(session)
        except BaseException as problem:  # noqa: BLE001 - told to the test below
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    with read_only(PUBLIC_ACCESS) as session:  # everybody may read all of this
        assert [one.size for one in queries.checkpoints(session, limit=9)] == [41]
        assert len(queries.log_entries(session, first=1, last=41)) == 41
        assert len(queries.inclusion(session, sequence=7, size=41).proof) == 6
