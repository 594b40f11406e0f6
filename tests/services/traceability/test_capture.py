"""Capture: once each, all or none, conflicts kept, declarations and aliases told."""

from __future__ import annotations

import io
import itertools
import json
import random
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Actor, Role
from core.outbox import Message
from tests import factories
from tests.services.traceability.epcis import content, declared, event
from traceability.errors import DocumentRefused
from traceability.maths.epcis.streaming import iter_events
from traceability.models.epcis import (
    EpcisAlias,
    EpcisCapture,
    EpcisConflict,
    EpcisDeclaration,
    EpcisDelivery,
    EpcisDocument,
    EpcisEvent,
    EpcisIdentifier,
    EpcisItem,
    EpcisParty,
    EpcisTransaction,
)
from traceability.recording.copying import cell, copy_lines
from traceability.recording.documents import inflate
from traceability.service import capturing
from traceability.service.capturing import PROCEED, ROLLBACK, take_document


def take(session: Session, *events: dict[str, Any], **facts: Any) -> EpcisCapture:
    return take_document(session, facts.pop("actor", SYSTEM), content(*events), **facts)


def rows(session: Session, model: Any) -> list[Any]:
    return list(session.execute(select(model).order_by(*model.__table__.primary_key)).scalars())


def count(session: Session, model: Any) -> int:
    return session.execute(select(func.count()).select_from(model)).scalar_one()


def test_an_event_is_kept_with_its_parts(session: Session) -> None:
    capture = take(session, event(7))

    assert (capture.success, capture.running, capture.stored) == (True, False, 1)
    (stored,) = rows(session, EpcisEvent)
    assert stored.event_time.isoformat() == "2026-03-08T00:07:00+00:00"
    assert (stored.type, stored.action, stored.biz_step) == ("ObjectEvent", "OBSERVE", "shipping")
    (item,) = rows(session, EpcisItem)
    lot = session.get_one(EpcisIdentifier, item.identifier_id)
    assert (str(item.quantity), item.unit, item.role) == ("100", "KGM", "epc")
    assert lot.key == "https://id.gs1.org/01/04012345123456/10/L7"
    assert [(each.role, each.type) for each in rows(session, EpcisParty)] == [
        ("source", "owning_party"),
        ("destination", "owning_party"),
    ]
    assert rows(session, EpcisTransaction)[0].identifier.endswith(":D7")
    document = json.loads(inflate(rows(session, EpcisDocument)[0].content))
    assert {name: document[name] for name in event(7)} == event(7)


def test_stored_events_are_announced_in_one_message(session: Session) -> None:
    take(session, event(1), event(2), event(3))

    (message,) = session.execute(
        select(Message).where(Message.topic == "traceability.epcis-stored")
    ).scalars()
    first, _, last = [row.id for row in rows(session, EpcisEvent)]
    assert message.payload == {"first_event_id": first, "last_event_id": last}


def test_a_document_delivered_again_changes_nothing(session: Session) -> None:
    take(session, event(1), event(2))

    again = take(session, event(1), event(2))

    assert (again.success, again.stored, again.known) == (True, 0, 2)
    assert count(session, EpcisEvent) == 2
    assert count(session, EpcisItem) == 2


def test_an_event_twice_in_one_document_is_one(session: Session) -> None:
    capture = take(session, event(1), event(1))

    assert (capture.stored, capture.known) == (1, 1)


def test_capture_does_not_depend_on_order_or_redelivery(session: Session) -> None:
    # What is kept is a function of the set of events: every permutation, any repeats.
    events = [event(1), event(2), declared(event(1)), event(3, eventID=event(2)["eventID"])]

    def kept() -> set[tuple[bytes, bytes, str]]:
        found = session.execute(
            select(EpcisEvent.hash, EpcisEvent.declaration_hash, EpcisEvent.event_id)
        )
        return {(bytes(a), bytes(b), c) for a, b, c in found}

    outcomes = set()
    for order in itertools.permutations(events):
        with session.begin_nested() as savepoint:
            repeated = [*order, *random.Random(str(order)).choices(order, k=3)]
            for part in (repeated[:3], repeated[3:]):
                assert take(session, *part).success
            outcomes.add(frozenset(kept()))
            savepoint.rollback()

    assert len(outcomes) == 1
    assert len(next(iter(outcomes))) == 4


def test_the_writing_of_an_identifier_does_not_matter(session: Session) -> None:
    lot = "https://example.org/01/04012345123456/10/L1"

    take(session, event(1), event(2, quantityList=[{"epcClass": lot, "quantity": 5, "uom": "KGM"}]))

    assert {item.identifier_id for item in rows(session, EpcisItem)} == {
        session.execute(select(EpcisIdentifier.id).where(EpcisIdentifier.lot == "L1")).scalar_one()
    }


def test_one_event_under_two_names_is_one_event_with_an_alias(session: Session) -> None:
    other = "urn:uuid:99999999-0000-4000-8000-000000000001"
    take(session, event(1))

    again = take(session, event(1, eventID=other), event(1, eventID=other))

    assert (again.stored, again.known, again.aliases) == (0, 2, 1)
    (alias,) = rows(session, EpcisAlias)
    assert (alias.alias, alias.event_id) == (other, rows(session, EpcisEvent)[0].id)


def test_one_name_for_two_events_is_kept_and_flagged(session: Session) -> None:
    take(session, event(1))

    again = take(session, event(2, eventID=event(1)["eventID"]))

    assert (again.success, again.stored, again.conflicts) == (True, 1, 1)
    first, second = rows(session, EpcisEvent)
    (conflict,) = rows(session, EpcisConflict)
    assert (conflict.earlier_id, conflict.event_id) == (first.id, second.id)


def test_an_event_without_a_name_is_named_by_its_hash(session: Session) -> None:
    take(session, event(1, eventID=None))

    (stored,) = rows(session, EpcisEvent)
    assert stored.event_id == f"ni:///sha-256;{stored.hash.hex()}?ver=CBV2.0"


def test_an_error_declaration_is_an_event_of_its_own(session: Session) -> None:
    take(session, event(1))

    capture = take(session, declared(event(1), correctiveEventIDs=["urn:uuid:c"]))

    assert (capture.stored, capture.pending, capture.conflicts) == (1, 0, 0)
    original, declaration = rows(session, EpcisEvent)
    assert original.hash == declaration.hash
    assert len(declaration.declaration_hash) == 32
    (kept,) = rows(session, EpcisDeclaration)
    assert (kept.event_id, kept.reason) == (declaration.id, "incorrect_data")
    assert kept.corrective_ids == ["urn:uuid:c"]


def test_a_declaration_about_an_unknown_event_is_kept_as_pending(session: Session) -> None:
    capture = take(session, declared(event(1)))
    later = take(session, event(1))

    assert (capture.stored, capture.pending) == (1, 1)
    assert (later.stored, later.known) == (1, 0)


def test_rollback_stores_nothing_and_tells_every_fault(session: Session) -> None:
    capture = take(session, event(1), event(2, action="LOOK"), event(3, eventTime="yesterday"))

    assert (capture.success, capture.running) == (False, False)
    assert (capture.stored, capture.refused, capture.position) == (0, 2, 3)
    assert {(each["position"], each["path"]) for each in capture.errors} == {
        (1, "/action"),
        (2, "/eventTime"),
    }
    assert count(session, EpcisEvent) == 0
    assert count(session, EpcisIdentifier) == 0


def test_proceed_stores_what_is_good(session: Session) -> None:
    capture = take(session, event(1), event(2, action="LOOK"), event(3), behaviour=PROCEED)

    assert (capture.success, capture.stored, capture.refused) == (False, 2, 1)
    assert [each["position"] for each in capture.errors] == [1]
    assert count(session, EpcisEvent) == 2


def test_what_is_no_document_is_refused_at_once(session: Session) -> None:
    for nonsense in (b"", b"{", b'"x"', b"{}", b'{"type": "EPCISDocument"}'):
        with pytest.raises(DocumentRefused) as refusal:
            take_document(session, SYSTEM, nonsense)
            raise AssertionError(nonsense)
        assert refusal.value.fields

    assert count(session, EpcisCapture) == 0


def test_an_event_of_tomorrow_is_kept_with_a_warning(session: Session) -> None:
    capture = take(session, event(1, eventTime="9999-12-31T23:59:59Z"))

    assert (capture.success, capture.stored) == (True, 1)
    assert [each["rule"] for each in capture.warnings] == ["future"]


@pytest.mark.parametrize(
    "fields",
    [
        {"eventTime": "9999-12-31T23:59:59-12:00"},
        {"eventID": "urn:uuid:" + "x" * 3000},
        {"eventID": "urn:uuid:a\0b"},
        {"transformationID": "x" * 100_000},
        {"quantityList": [{"epcClass": "urn:x:y", "quantity": 1e300, "uom": "KGM"}]},
        {"bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:" + "y" * 9000}]},
        {"readPoint": {"id": "urn:x:" + "商" * 1000}},
    ],
)
def test_what_no_column_holds_is_a_fault_and_no_crash(
    session: Session, fields: dict[str, Any]
) -> None:
    capture = take(session, event(1), event(2, **fields), behaviour=PROCEED)

    assert capture.stored == 1
    assert [each["position"] for each in capture.errors] == [1]


def test_backslashes_tabs_and_chinese_come_back_as_they_were(session: Session) -> None:
    names = ["urn:x:a\\b", "urn:x:\\N", "urn:x:批号", "urn:x:\\.", "urn:x:\\t", "urn:x:\\\\"]
    things = [{"epcClass": name, "quantity": 1, "uom": "KGM"} for name in names]

    capture = take(session, event(1, quantityList=things, readPoint={"id": "urn:x:\\n\\"}))

    assert capture.stored == 1, capture.errors
    kept = {each.given for each in rows(session, EpcisIdentifier)}
    assert set(names) <= kept
    document = json.loads(inflate(rows(session, EpcisDocument)[0].content))
    assert [each["epcClass"] for each in document["quantityList"]] == names


def test_every_text_survives_copying(session: Session) -> None:
    texts = [
        "\\N",
        "\\.",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "\\t",
        "\\",
        "",
        " ",
        "批号",
        "\x01\x7f\x85\u2028",
    ]
    session.execute(text("CREATE TEMPORARY TABLE copied (n bigint, v text) ON COMMIT DROP"))

    lines = [f"{n}\t{cell(each)}" for n, each in enumerate([*texts, None])]
    copy_lines(session, "copied", ("n", "v"), lines)

    kept = session.execute(text("SELECT v FROM copied ORDER BY n")).scalars()
    assert list(kept) == [*texts, None]


def test_firms_that_deliver_the_same_event_both_see_it(session: Session) -> None:
    firms = [factories.enterprise(session) for _ in range(2)]
    sender, receiver = (Actor(None, "erp", Role.ENTERPRISE, firm.id) for firm in firms)
    take(session, event(1), actor=sender)

    capture = take(session, event(1), actor=receiver)

    assert (capture.stored, capture.known) == (0, 1)
    assert [row.enterprise_id for row in rows(session, EpcisDelivery)] == [firms[1].id]


def test_a_large_document_waits_for_a_job(session: Session, monkeypatch: Any) -> None:
    monkeypatch.setattr(capturing, "BYTES_AT_ONCE", 100)

    capture = take(session, event(1))

    assert (capture.running, capture.stored) == (True, 0)
    message = session.get_one(Message, capture.message_id)
    assert (message.topic, message.payload) == (
        "traceability.capture-requested",
        {"capture_id": capture.id},
    )


def portions(*events: dict[str, Any]) -> Any:
    """A document read in small portions."""
    return iter_events(io.BytesIO(content(*events)), portion=1500)


def test_parts_keep_positions_and_skip_what_was_done() -> None:
    events = [event(n) for n in range(7)]

    whole = [
        (part.start, part.end, len(part.events)) for part in capturing.parts(portions(*events))
    ]
    rest = [
        [each.position for each in part.events]
        for part in capturing.parts(portions(*events), start=3)
    ]

    assert len(whole) > 2
    assert [size for _, _, size in whole] == [end - start for start, end, _ in whole]
    assert [start for start, _, _ in whole[1:]] == [end for _, end, _ in whole[:-1]]
    assert [each for part in rest for each in part] == [3, 4, 5, 6]


def test_whole_captures_cross_parts(session: Session) -> None:
    good = begun(session)
    bad = begun(session)

    capturing.capture_whole(session, good, portions(*[event(n) for n in range(5)]))
    capturing.capture_whole(
        session, bad, portions(*[event(n) for n in range(10, 14)], event(15, action="LOOK"))
    )

    assert (good.stored, good.position, good.success) == (5, 5, True)
    assert (bad.stored, bad.position, bad.success) == (0, 5, False)
    assert (bad.refused, bad.first_event_id) == (1, None)
    assert count(session, EpcisEvent) == 5
    assert good.last_event_id - good.first_event_id == 4


def begun(session: Session) -> EpcisCapture:
    return capturing.begin(session, SYSTEM, behaviour=ROLLBACK, sha256="", size=0)


def test_a_file_that_breaks_off_is_told_once(session: Session) -> None:
    capture = begun(session)
    body = content(*[event(n) for n in range(6)])[:-700]

    for _ in range(2):  # an attempt, and another that goes on where it ended
        readings = iter_events(io.BytesIO(body), portion=1500)
        for part in capturing.parts(readings, start=capture.position):
            capturing.store_part(session, capture, part, capturing.journal_of(capture))
    capturing.finish(capture)

    assert 0 < capture.stored < 6
    assert capture.stored == capture.position == count(session, EpcisEvent)
    assert [each["rule"] for each in capture.errors] == ["json"]
    assert (capture.success, capture.known) == (False, 0)


def test_a_wrong_check_digit_is_a_warning(session: Session) -> None:
    wrong = "https://id.gs1.org/01/04012345123450/10/L1"

    capture = take(session, event(1, quantityList=[{"epcClass": wrong}]))

    assert (capture.success, capture.stored) == (True, 1)
    assert len(capture.warnings) == 1
