"""Documents made to do harm: each ends in an answer, and nothing good is lost."""

from __future__ import annotations

import io
import json
import tracemalloc
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.actors import SYSTEM
from tests.services.traceability.epcis import content, event
from traceability.models.epcis import EpcisCapture, EpcisEvent, EpcisItem
from traceability.service import capturing
from traceability.service.capturing import PROCEED, ROLLBACK


def capture(session: Session, body: bytes, *, behaviour: str = PROCEED) -> EpcisCapture:
    """As a job does it, in one transaction."""
    found = capturing.begin(session, SYSTEM, behaviour=behaviour, sha256="", size=len(body))
    readings = capturing.read(io.BytesIO(body))
    if behaviour == ROLLBACK:
        capturing.capture_whole(session, found, readings)
        return found
    for part in capturing.parts(readings):
        capturing.store_part(session, found, part, capturing.journal_of(found))
    capturing.finish(found)
    return found


def pallet(children: int) -> dict[str, Any]:
    return {
        "type": "AggregationEvent",
        "eventID": f"urn:x:pallet:{children}",
        "eventTime": "2026-03-05T08:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "action": "ADD",
        "parentID": "urn:epc:id:sscc:4012345.0000000001",
        "childEPCs": [f"urn:epc:id:sgtin:4012345.012345.{n}" for n in range(children)],
    }


def test_a_pallet_of_many_children_is_kept_whole(session: Session) -> None:
    found = capture(session, content(pallet(20_000)))

    assert found.success, found.errors
    assert session.execute(select(func.count()).select_from(EpcisItem)).scalar_one() == 20_001


def test_a_pallet_of_a_million_children_is_refused_and_the_rest_kept(session: Session) -> None:
    # Eight bytes a child, so that the bound on things is met, not that on bytes.
    bomb = pallet(0) | {"childEPCs": ["urn:x:1"] * 1_000_000}

    found = capture(session, content(event(1), bomb, event(2)))

    assert (found.stored, found.success) == (2, False)
    assert [(each["position"], each["rule"]) for each in found.errors] == [(1, "limit")]


@pytest.mark.parametrize("behaviour", [PROCEED, ROLLBACK])
@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 300_000,
        b"[" * 600_000,
        b"[" * 300_000 + b"]" * 300_000,
        b'{"eventList":[' + b"[" * 300_000,
        b'"' * 1_000_000,
        b"\\" * 1_000_000,
        b"\xff" * 1000,
        b"",
        content(event(1))[:-40],
        content(event(1)) + b"{}",
        content(event(1)).replace(b'"eventList": [', b'"eventList": [],"eventList": ['),
    ],
)
def test_nonsense_ends_in_a_fault(session: Session, body: bytes, behaviour: str) -> None:
    found = capture(session, body, behaviour=behaviour)

    assert (found.running, found.success) == (False, False)
    assert found.errors
    if behaviour == ROLLBACK:
        assert session.execute(select(func.count()).select_from(EpcisEvent)).scalar_one() == 0


def test_a_thousand_faults_and_more_are_told_in_short(session: Session) -> None:
    bad = [event(n, action="LOOK" * 300) for n in range(1200)]

    found = capture(session, content(*bad, event(5000)))

    assert (found.stored, found.refused) == (1, 1200)
    assert len(found.errors) <= capturing.TOLD
    assert all(len(each["message"]) <= capturing.LONGEST_TOLD for each in found.errors)


def test_an_unknown_unit_is_kept_with_a_warning(session: Session) -> None:
    amount = [{"epcClass": "urn:epc:class:lgtin:4012345.012345.L1", "quantity": 1, "uom": "QQQ"}]

    found = capture(session, content(event(1, quantityList=amount)))

    assert (found.stored, found.success, len(found.warnings)) == (1, True, 1)


def test_memory_does_not_grow_with_the_file(session: Session, monkeypatch: Any) -> None:
    monkeypatch.setattr(capturing, "PORTION", 64 * 1024)
    one = json.dumps(event(1)).encode()

    def peak(events: int) -> int:
        body = b"[" + b",".join([one] * events) + b"]"  # the same event: known from then on
        capture(session, body[:-1] + b"]")
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        capture(session, body)
        return tracemalloc.get_traced_memory()[1] - before

    tracemalloc.start()
    try:
        small, large = peak(1000), peak(6000)
    finally:
        tracemalloc.stop()

    assert large < 1.5 * small
