"""The EPCIS 2.0 interface over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from core.clock import now
from core.outbox import JobRun, RunState
from tests.services.traceability.epcis import content, declared, event
from traceability.maths.epcis.limits import DEFAULT
from traceability.models.epcis import EpcisCapture, EpcisEvent
from traceability.service import capturing

SignIn = Callable[..., Actor]
URL = "/api/v1/epcis"
LD_JSON = "application/ld+json"


def post(client: Any, path: str, body: bytes, **headers: str) -> Any:
    return client.post(f"{URL}{path}", data=body, content_type=LD_JSON, headers=headers)


def capture(client: Any, *events: dict[str, Any], **headers: str) -> Any:
    answer = post(client, "/capture", content(*events), **headers)
    assert answer.status_code == 202, answer.data
    return answer


def ask(client: Any, path: str = "/events", **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"{URL}{path}", query_string=query or None)
    assert answer.status_code == 200, answer.data
    assert answer.mimetype == LD_JSON
    found = json.loads(answer.data)
    assert found["type"] == "EPCISQueryDocument"
    events: list[dict[str, Any]] = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return events


def ids(events: list[dict[str, Any]]) -> list[str]:
    """The last digits of the eventIDs."""
    return [each["eventID"].rpartition("-")[2].lstrip("0") for each in events]


@pytest.fixture
def keeper(client: Any, sign_in: SignIn) -> Any:
    """A client of a lead inspector, who may capture and query."""
    sign_in(client, Role.LEAD_INSPECTOR)
    return client


def test_a_capture_is_a_job_with_a_place(keeper: Any) -> None:
    answer = capture(keeper, event(1), event(2))

    job = json.loads(keeper.get(answer.headers["Location"]).data)
    assert json.loads(answer.data) == job
    assert (job["running"], job["success"], job["captureErrorBehaviour"]) == (
        False,
        True,
        "rollback",
    )
    assert (job["eventsStored"], job["errors"]) == (2, [])
    assert answer.headers["Location"].endswith(job["captureID"])
    listed = json.loads(keeper.get(f"{URL}/capture").data)
    assert [each["captureID"] for each in listed] == [job["captureID"]]


def test_what_was_captured_comes_back_as_it_was(keeper: Any) -> None:
    capture(keeper, event(1))

    (found,) = ask(keeper)

    record_time = found.pop("recordTime")
    assert record_time.endswith("Z")
    assert found == event(1)


def test_an_answer_can_be_captured_again(keeper: Any) -> None:
    capture(keeper, event(1), event(2, **{"@context": {"ex": "https://example.org/"}, "ex:a": 1}))
    body = keeper.get(f"{URL}/events").data

    again = json.loads(post(keeper, "/capture", body).data)

    assert (again["success"], again["eventsStored"], again["eventsKnown"]) == (True, 0, 2)


def test_errors_stand_in_the_job(keeper: Any) -> None:
    bad = event(2, action="LOOK")

    whole = json.loads(capture(keeper, event(1), bad).data)
    some = json.loads(
        capture(keeper, event(1), bad, **{"GS1-Capture-Error-Behaviour": "proceed"}).data
    )

    assert (whole["success"], whole["eventsStored"]) == (False, 0)
    assert (some["success"], some["eventsStored"], some["eventsRefused"]) == (False, 1, 1)
    for job in (whole, some):
        (error,) = job["errors"]
        assert (error["event"], error["path"]) == (1, "/action")
        assert error["type"].startswith("/problems/")


@pytest.mark.parametrize(
    ("body", "kind", "headers", "status"),
    [
        (b"{", LD_JSON, {}, 400),
        (b"{}", LD_JSON, {}, 400),
        (b"<epcis/>", "application/xml", {}, 415),
        (b"{}", None, {}, 415),
        (b"{}", LD_JSON, {"GS1-Capture-Error-Behaviour": "perhaps"}, 400),
        (b"{}", LD_JSON, {"GS1-EPCIS-Version": "1.2"}, 406),
        (b"{}", LD_JSON, {"Accept": "text/xml"}, 406),
        (b"{}", LD_JSON, {"GS1-EPC-Format": "Always_EPC_URN"}, 406),
        (b'{"a":' * 20_000, LD_JSON, {}, 400),
        (b"[" * 100_000 + b"]" * 20_000, LD_JSON, {}, 400),
    ],
)
def test_what_cannot_be_captured_is_a_problem(
    keeper: Any, body: bytes, kind: str | None, headers: dict[str, str], status: int
) -> None:
    answer = keeper.post(f"{URL}/capture", data=body, content_type=kind, headers=headers)

    assert answer.status_code == status, answer.data
    assert answer.mimetype == "application/problem+json"
    assert answer.json["title"]


def test_versions_and_limits_are_told_with_every_answer(client: Any, keeper: Any) -> None:
    answers = [
        client.options(f"{URL}/capture"),
        client.options(f"{URL}/events"),
        client.options(URL),
        client.get(f"{URL}/events"),
        client.get(f"{URL}/events?colour=red"),
    ]

    for answer in answers:
        assert answer.headers["GS1-EPCIS-Version"] == "2.0.0"
        assert answer.headers["GS1-CBV-Version"] == "2.0.0"
        assert answer.headers["GS1-EPCIS-Capture-Limit"] == "100000"
        assert answer.headers["GS1-EPCIS-Capture-File-Size-Limit"] == str(64 * 2**20)
        assert answer.headers["GS1-Capture-Error-Behaviour"] == "rollback"


class Flood:
    """A body that goes on for ever and counts what was taken of it."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        size = 65536 if size < 0 else min(size, 2**20)
        self.taken += size
        return b" " * size

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)


def flood(client: Any, path: str, **environment: Any) -> tuple[Any, int]:
    body = Flood()
    answer = client.post(
        f"{URL}{path}",
        content_type=LD_JSON,
        headers={"Idempotency-Key": "flood-flood"},
        environ_overrides={"wsgi.input": body, **environment},
    )
    return answer, body.taken


@pytest.mark.parametrize("path", ["/capture", "/events"])
def test_a_document_of_200_mb_is_refused_before_it_is_read(keeper: Any, path: str) -> None:
    answer, taken = flood(keeper, path, CONTENT_LENGTH=str(200_000_000))

    assert answer.status_code == 413
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["GS1-EPCIS-Capture-File-Size-Limit"] == str(DEFAULT.size)
    assert taken == 0


def test_a_document_of_unsaid_length_is_read_to_the_limit_only(
    keeper: Any, monkeypatch: Any
) -> None:
    answer, taken = flood(
        keeper,
        "/capture",
        **{"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
    )

    assert answer.status_code == 413
    assert taken <= DEFAULT.size + 2**20


def test_more_events_than_the_limit_are_refused(keeper: Any, monkeypatch: Any) -> None:
    from dataclasses import replace

    monkeypatch.setattr(capturing, "DEFAULT", replace(DEFAULT, events=2))

    answer = post(keeper, "/capture", content(event(1), event(2), event(3)))

    assert answer.status_code == 413, answer.data


def test_one_event_is_created_once(keeper: Any) -> None:
    body = json.dumps({"@context": content_context(), **event(1)}).encode()

    first, second = (post(keeper, "/events", body) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json["type"] == "/problems/traceability/event-known"
    (found,) = ask(keeper, first.headers["Location"].removeprefix(URL))
    assert found["eventID"] == event(1)["eventID"]


def content_context() -> Any:
    return json.loads(content())["@context"]


def test_one_event_under_another_name_is_known_and_its_name_kept(keeper: Any) -> None:
    other = "urn:uuid:99999999-0000-4000-8000-000000000001"
    context = {"@context": content_context()}
    post(keeper, "/events", json.dumps({**context, **event(1)}).encode())

    again = post(keeper, "/events", json.dumps({**context, **event(1, eventID=other)}).encode())

    assert again.status_code == 409
    assert ids(ask(keeper, f"/events/{quote(other, safe='')}")) == ["1"]


def test_an_event_of_faults_is_refused_with_its_fields(keeper: Any) -> None:
    body = json.dumps({"@context": content_context(), **event(1, action="LOOK")}).encode()

    answer = post(keeper, "/events", body)

    assert answer.status_code == 400
    assert answer.json["fields"][0]["field"] == "/action"


def test_an_event_named_by_its_hash_is_found(keeper: Any) -> None:
    capture(keeper, event(1, eventID=None))
    (found,) = ask(keeper)
    assert found["eventID"].startswith("ni:///sha-256;")

    (again,) = ask(keeper, f"/events/{quote(found['eventID'], safe='')}")

    assert again == found


def test_an_unknown_event_is_404(keeper: Any) -> None:
    assert keeper.get(f"{URL}/events/urn:uuid:no").status_code == 404
    assert keeper.get(f"{URL}/capture/no").status_code == 404
    assert keeper.get(f"{URL}/queries/no").status_code == 404
    assert keeper.get(f"{URL}/colours").status_code == 404


LOT_2_URN = "urn:epc:class:lgtin:4012345.012345.L2"
LOT_2_LINK = "https://id.gs1.org/01/04012345123456/10/L2"


@pytest.fixture
def several(keeper: Any) -> Any:
    """Six events of different kinds."""
    transformation = {
        "type": "TransformationEvent",
        "eventID": event(3)["eventID"],
        "eventTime": "2026-03-04T08:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "transformationID": "urn:x:T1",
        "bizStep": "creating_class_instance",
        "inputQuantityList": [{"epcClass": LOT_2_URN, "quantity": 30, "uom": "KGM"}],
        "outputQuantityList": [
            {"epcClass": "urn:epc:class:lgtin:4012345.012346.M1", "quantity": 28, "uom": "KGM"}
        ],
    }
    aggregation = {
        "type": "AggregationEvent",
        "eventID": event(4)["eventID"],
        "eventTime": "2026-03-05T08:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "action": "ADD",
        "bizStep": "packing",
        "parentID": "urn:epc:id:sscc:4012345.0000000001",
        "childEPCs": ["urn:epc:id:sgtin:4012345.012345.77"],
        "bizLocation": {"id": "urn:epc:id:sgln:4012345.00002.0"},
    }
    capture(
        keeper,
        event(1),
        event(2),
        transformation,
        aggregation,
        event(5, bizStep="https://ref.gs1.org/cbv/BizStep-receiving", disposition=None),
    )
    capture(keeper, declared(event(1), correctiveEventIDs=["urn:uuid:better"]))
    return keeper


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "123451"),
        ({"eventType": "TransformationEvent"}, "3"),
        ({"eventType": "TransformationEvent|AggregationEvent"}, "34"),
        ({"eventType": ["TransformationEvent", "AggregationEvent"]}, "34"),
        ({"GE_eventTime": "2026-03-05T08:00:00Z"}, "45"),
        ({"LT_eventTime": "2026-03-05T08:00:00Z"}, "1231"),
        (
            {"GE_eventTime": "2026-03-05T16:00:00+08:00", "LT_eventTime": "2026-03-06T00:00:00Z"},
            "4",
        ),
        ({"GE_recordTime": "2999-01-01T00:00:00Z"}, ""),
        ({"LT_recordTime": "2999-01-01T00:00:00Z"}, "123451"),
        ({"EQ_action": "ADD"}, "4"),
        ({"EQ_bizStep": "receiving"}, "5"),
        ({"EQ_bizStep": "urn:epcglobal:cbv:bizstep:receiving"}, "5"),
        ({"EQ_bizStep": "https://ref.gs1.org/cbv/BizStep-receiving"}, "5"),
        ({"EQ_disposition": "in_transit"}, "121"),
        ({"EQ_readPoint": "urn:epc:id:sgln:4012345.00001.0"}, "1251"),
        ({"EQ_readPoint": "https://id.gs1.org/414/4012345000016"}, "1251"),
        ({"WD_readPoint": "https://id.gs1.org/414/4012345000016"}, "1251"),
        ({"EQ_bizLocation": "urn:epc:id:sgln:4012345.00002.0"}, "4"),
        ({"MATCH_anyEPCClass": LOT_2_URN}, "23"),
        ({"MATCH_anyEPCClass": LOT_2_LINK}, "23"),
        ({"MATCH_anyEPCClass": "(01)04012345123456(10)L2"}, "23"),
        ({"MATCH_epcClass": LOT_2_LINK}, "2"),
        ({"MATCH_inputEPCClass": LOT_2_LINK}, "3"),
        ({"MATCH_outputEPCClass": LOT_2_LINK}, ""),
        ({"MATCH_outputEPCClass": "urn:epc:class:lgtin:4012345.012346.M1"}, "3"),
        ({"MATCH_anyEPCClass": "urn:epc:idpat:lgtin:4012345.012345.*"}, "12351"),
        ({"MATCH_parentID": "urn:epc:id:sscc:4012345.0000000001"}, "4"),
        ({"MATCH_epc": "urn:epc:id:sgtin:4012345.012345.77"}, "4"),
        ({"MATCH_epc": "https://id.gs1.org/01/04012345123456/21/77"}, "4"),
        ({"MATCH_epc": "urn:epc:idpat:sgtin:4012345.012345.*"}, "4"),
        ({"MATCH_anyEPC": "urn:epc:id:sgtin:4012345.012345.78"}, ""),
        ({"EQ_transformationID": "urn:x:T1"}, "3"),
        ({"EQ_eventID": event(2)["eventID"]}, "2"),
        ({"EXISTS_errorDeclaration": ""}, "1"),
        ({"GE_errorDeclaration_time": "2026-03-29T00:00:00Z"}, "1"),
        ({"LT_errorDeclaration_Time": "2026-03-29T00:00:00Z"}, ""),
        ({"EQ_errorReason": "incorrect_data"}, "1"),
        ({"EQ_errorReason": "did_not_occur"}, ""),
        ({"EQ_correctiveEventID": "urn:uuid:better"}, "1"),
        ({"EQ_bizTransaction_desadv": "urn:epcglobal:cbv:bt:4012345000016:D2"}, "2"),
        ({"EQ_bizTransaction_po": "urn:epcglobal:cbv:bt:4012345000016:D2"}, ""),
        ({"EQ_source_owning_party": "urn:epc:id:pgln:4012345.00001"}, "1251"),
        ({"EQ_source_owning_party": "https://id.gs1.org/417/4012345000016"}, "1251"),
        ({"EQ_destination_owning_party": "urn:epc:id:pgln:4012345.00001"}, ""),
        ({"GE_quantity": "100"}, "1251"),
        ({"LT_quantity": "30"}, "34"),
        ({"EQ_quantity_KGM": "28"}, "3"),
        ({"GT_quantity_GRM": "1"}, ""),
        ({"orderBy": "eventTime", "orderDirection": "ASC"}, "112345"),
        ({"orderBy": "eventTime"}, "543211"),
        ({"orderBy": "recordTime"}, "154321"),
        ({"eventCountLimit": 2}, "12"),
        ({"maxEventCount": 6}, "123451"),
        ({"EQ_action": "OBSERVE", "EQ_bizStep": "shipping", "perPage": 1000}, "121"),
    ],
)
def test_a_query_finds(several: Any, query: dict[str, Any], found: str) -> None:
    assert "".join(ids(ask(several, **query))) == found


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"colour": "red"}, "colour"),
        ({"EQ_colour": "red"}, "EQ_colour"),
        ({"EQ_ILMD_ex:a": "1"}, "EQ_ILMD_ex:a"),
        ({"GE_eventTime": "yesterday"}, "GE_eventTime"),
        ({"EQ_action": "LOOK"}, "EQ_action"),
        ({"eventType": "Miracle"}, "eventType"),
        ({"perPage": "0"}, "perPage"),
        ({"perPage": "1001"}, "perPage"),
        ({"perPage": "one"}, "perPage"),
        ({"orderBy": "colour"}, "orderBy"),
        ({"orderDirection": "UP"}, "orderDirection"),
        ({"eventCountLimit": "1", "maxEventCount": "1"}, "maxEventCount"),
        ({"nextPageToken": "nonsense"}, "nextPageToken"),
        ({"GE_quantity": "NaN"}, "GE_quantity"),
        ({"MATCH_epc": "urn:epc:idpat:sgtin:*.*.*"}, "MATCH_epc"),
        ({"MATCH_epc": "a\0b"}, "MATCH_epc"),
    ],
)
def test_a_query_that_makes_no_sense_names_its_parameter(
    several: Any, query: dict[str, Any], name: str
) -> None:
    answer = several.get(f"{URL}/events", query_string=query)

    assert answer.status_code == 400, answer.data
    assert answer.json["fields"][0]["field"] == name


def test_more_than_the_most_wanted_is_an_error(several: Any) -> None:
    answer = several.get(f"{URL}/events", query_string={"maxEventCount": 5})

    assert answer.status_code == 413
    assert answer.json["type"] == "/problems/traceability/query-too-large"


@pytest.mark.parametrize("order", [{}, {"orderBy": "eventTime"}, {"eventCountLimit": 5}])
def test_pages_follow_each_other(several: Any, order: dict[str, Any]) -> None:
    whole = ids(ask(several, **order))
    pages, path = [], f"{URL}/events"
    query: dict[str, Any] | None = {**order, "perPage": 2}

    while path:
        answer = several.get(path, query_string=query)
        found = json.loads(answer.data)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        pages.append(ids(found))
        link = answer.headers.get("Link", "")
        path, query = link.partition(">")[0].removeprefix("<"), None
        assert not link or link.endswith('rel="next"')

    assert [each for page in pages for each in page] == whole
    assert [len(page) for page in pages[:-1]] == [2] * (len(pages) - 1)


def test_a_token_is_of_its_query_only(several: Any) -> None:
    link = several.get(f"{URL}/events?perPage=1").headers["Link"]
    token = link.partition("nextPageToken=")[2].partition(">")[0]

    answer = several.get(f"{URL}/events?perPage=1&EQ_action=ADD&nextPageToken={token}")

    assert answer.status_code == 400
    assert answer.json["fields"][0]["field"] == "nextPageToken"


def members(client: Any, path: str, **query: Any) -> list[Any]:
    answer = client.get(f"{URL}{path}", query_string=query)
    assert answer.status_code == 200, answer.data
    found: list[Any] = json.loads(answer.data)["member"]
    return found


def test_top_level_resources_tell_what_occurs(several: Any) -> None:
    assert "ObjectEvent" in members(several, "/eventTypes")
    assert members(several, "/bizSteps") == [
        "creating_class_instance",
        "packing",
        "receiving",
        "shipping",
    ]
    assert members(several, "/dispositions") == ["in_transit"]
    assert members(several, "/readPoints") == ["https://id.gs1.org/414/4012345000016"]
    assert members(several, "/bizLocations") == ["https://id.gs1.org/414/4012345000023"]
    epcs = members(several, "/epcs")
    assert LOT_2_LINK in epcs
    assert len(epcs) == 6
    first = several.get(f"{URL}/epcs?perPage=4")
    following = first.headers["Link"].partition(">")[0].removeprefix("<")
    assert json.loads(first.data)["member"] + json.loads(several.get(following).data)["member"] == (
        epcs
    )


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/eventTypes/AggregationEvent/events", "4"),
        ("/bizSteps/shipping/events", "121"),
        (f"/epcs/{quote(LOT_2_LINK, safe='')}/events", "23"),
        (f"/epcs/{LOT_2_LINK}/events", "23"),
        (f"/epcs/{LOT_2_URN}/events", "23"),
        (f"/epcs/{LOT_2_URN}/events?eventType=ObjectEvent", "2"),
        ("/readPoints/urn:epc:id:sgln:4012345.00001.0/events", "1251"),
        ("/bizLocations/urn:epc:id:sgln:4012345.00002.0/events", "4"),
        ("/dispositions/in_transit/events?perPage=1", "1"),
    ],
)
def test_events_of_a_resource(several: Any, path: str, found: str) -> None:
    assert "".join(ids(ask(several, path))) == found


def test_an_event_and_its_declaration_share_a_name(several: Any) -> None:
    found = ask(several, f"/events/{event(1)['eventID']}")

    assert ["errorDeclaration" in each for each in found] == [False, True]


def test_a_query_is_kept_run_and_forgotten(several: Any) -> None:
    body = {"name": "arrivals", "query": {"EQ_bizStep": ["receiving"], "GE_quantity": 1}}

    made = several.post(f"{URL}/queries", json=body)

    assert made.status_code == 201, made.data
    assert several.post(f"{URL}/queries", json=body).status_code == 409
    assert [each["name"] for each in members(several, "/queries")] == ["arrivals"]
    shown = json.loads(several.get(made.headers["Location"]).data)
    assert shown["query"] == {"EQ_bizStep": ["receiving"], "GE_quantity": ["1"]}
    assert ids(ask(several, "/queries/arrivals/events")) == ["5"]
    assert several.delete(f"{URL}/queries/arrivals").status_code == 204
    assert several.get(f"{URL}/queries/arrivals").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a b", "query": {}},
        {"name": "x", "query": {"colour": ["red"]}},
        {"name": "x", "query": {"EQ_action": {"a": 1}}},
        {"name": "x", "query": {"perPage": [0]}},
    ],
)
def test_a_query_that_makes_no_sense_is_not_kept(several: Any, body: dict[str, Any]) -> None:
    assert several.post(f"{URL}/queries", json=body).status_code == 400


def test_a_firm_sees_what_it_delivered_and_no_more(client: Any, sign_in: SignIn) -> None:
    sign_in(client, Role.ENTERPRISE)
    first = capture(client, event(1), event(2))
    assert client.post(f"{URL}/queries", json={"name": "q", "query": {}}).status_code == 201
    sign_in(client, Role.ENTERPRISE)

    assert ask(client) == []
    assert members(client, "/epcs") == []
    assert members(client, "/queries") == []
    assert client.get(first.headers["Location"]).status_code == 404
    assert client.get(f"{URL}/events/{event(1)['eventID']}").status_code == 404
    job = json.loads(capture(client, event(1), event(3)).data)
    assert (job["eventsStored"], job["eventsKnown"]) == (1, 1)
    assert ids(ask(client)) == ["1", "3"]
    assert ids(ask(client, MATCH_anyEPCClass="urn:epc:class:lgtin:4012345.012345.L1")) == ["1"]
    assert ids(ask(client, MATCH_anyEPCClass=LOT_2_URN)) == []
    assert ids(ask(client, EQ_readPoint="urn:epc:id:sgln:4012345.00001.0")) == ["1", "3"]
    sign_in(client, Role.INSPECTOR)
    assert ids(ask(client)) == ["1", "2", "3"]


def test_the_first_delivery_of_each_firm_is_created(client: Any, sign_in: SignIn) -> None:
    body = json.dumps({"@context": content_context(), **event(1)}).encode()
    statuses = []
    for _ in range(2):
        sign_in(client, Role.ENTERPRISE)
        statuses += [post(client, "/events", body).status_code for _ in range(2)]

    assert statuses == [201, 409, 201, 409]


def test_strangers_and_readers_may_not_capture(
    client: Any, sign_in: SignIn, session: Session
) -> None:
    assert post(client, "/capture", content(event(1))).status_code == 401
    assert client.get(f"{URL}/events").status_code == 401
    sign_in(client, Role.INSPECTOR)
    assert post(client, "/capture", content(event(1))).status_code == 403
    assert session.execute(select(func.count()).select_from(EpcisEvent)).scalar_one() == 0


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.LEAD_INSPECTOR])
def test_a_large_document_is_a_job_that_runs_on(
    client: Any, sign_in: SignIn, session: Session, monkeypatch: Any, role: Role
) -> None:
    monkeypatch.setattr(capturing, "BYTES_AT_ONCE", 10)
    sign_in(client, role)

    answer = capture(client, event(1))

    job = json.loads(client.get(answer.headers["Location"]).data)
    assert (job["running"], job["success"], job["eventsStored"]) == (True, False, 0)
    assert "finishedAt" not in job
    assert session.execute(select(EpcisCapture.message_id)).scalar_one() is not None


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.LEAD_INSPECTOR])
def test_a_capture_whose_job_was_given_up_says_so(
    client: Any, sign_in: SignIn, session: Session, monkeypatch: Any, role: Role
) -> None:
    monkeypatch.setattr(capturing, "BYTES_AT_ONCE", 10)
    sign_in(client, role)
    answer = capture(client, event(1))
    row = session.execute(select(EpcisCapture)).scalar_one()
    session.add(
        JobRun(
            message_id=row.message_id,
            job="traceability.capture",
            queue="long",
            state=RunState.FAILED,
            error="the worker died 5 times while doing this",
            created_at=now(),
            finished_at=now(),
        )
    )
    session.flush()

    job = json.loads(client.get(answer.headers["Location"]).data)

    assert (job["running"], job["success"]) == (False, False)
    assert "the worker died 5 times" in job["errors"][0]["title"]
