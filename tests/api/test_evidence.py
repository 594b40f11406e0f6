"""The rows behind a trace over HTTP, from ledgers and from events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from core.clock import now
from tests.told_events import gln, pack, pallet, receive, ship
from traceability.recording.journal import Journal
from traceability.service.deriving import take_in

SignIn = Callable[..., Actor]
URL = "/api/v1"


@pytest.fixture
def told(session: Session) -> None:
    """A pallet of one lot, shipped and received."""
    events = [
        pack(pallet("P1"), [("L", 12)], at=1),
        ship(pallet("P1"), None, "A", "B", at=2, event_id="urn:uuid:1"),
        receive(pallet("P1"), None, "A", "B", at=3),
    ]
    ids = Journal(capture_id=1, enterprise_id=None).add(session, events, at=now()).event_ids
    take_in(session, ids[0], ids[-1])


def test_each_row_behind_a_trace_tells_its_event(client: Any, sign_in: SignIn, told: None) -> None:
    sign_in(client, Role.INSPECTOR)
    edge = client.get(f"{URL}/trace", query_string={"lot": "L"}).json["edges"][0]

    answer = client.get(f"{URL}/evidence", query_string={"id": edge["event_ids"]})

    assert answer.status_code == 200, answer.json
    shipped, received = answer.json["items"]
    assert (shipped["source"], shipped["event_name"]) == ("event", "urn:uuid:1")
    assert (shipped["kind"], received["kind"]) == ("shipment", "receipt")
    assert shipped["from_party"]["code"] == gln("A")
    assert shipped["quantity"] == "12"
    assert shipped["lot"]["maker_id"] is None


def test_contents_of_a_container_by_any_writing_of_its_number(
    client: Any, sign_in: SignIn, told: None
) -> None:
    sign_in(client, Role.INSPECTOR)
    query = {"container": pallet("P1").key, "at": "1970-01-01T01:30:00+00:00"}

    answer = client.get(f"{URL}/contents", query_string=query)

    assert answer.status_code == 200, answer.json
    (inside,) = answer.json["items"]
    assert (inside["lot"]["number"], inside["quantity"]) == ("L", "12")
    assert inside["until_at"] is None


def test_an_enterprise_does_not_see_the_rows_of_others(
    client: Any, sign_in: SignIn, told: None
) -> None:
    sign_in(client, Role.ENTERPRISE)

    assert client.get(f"{URL}/evidence", query_string={"id": 1}).status_code == 403
