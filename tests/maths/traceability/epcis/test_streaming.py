"""Large files in portions: the same events as read at once, whatever the portions."""

from __future__ import annotations

import io
import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.maths.traceability.epcis.made import CONTEXT, EVERY, document, shipping
from traceability.maths.epcis.event import Fault
from traceability.maths.epcis.limits import Limits
from traceability.maths.epcis.reading import read_events
from traceability.maths.epcis.streaming import iter_events

AWKWARD = 'brackets ]}[{ quotes \\" and \\\\ backslashes'


def events(count: int) -> list[dict[str, Any]]:
    """Events of all types, no two alike, with texts that look like structure."""
    return [
        EVERY[number % len(EVERY)](
            **{
                "eventID": f"urn:x:{number}",
                "dairy:n": number,
                "dairy:text": AWKWARD + "\\" * (number % 5),
            }
        )
        for number in range(count)
    ]


class Pipe(io.BytesIO):
    """A stream that cannot be read twice and gives a little at a time."""

    def seekable(self) -> bool:
        return False

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size, 97) if size and size > 0 else size)


def context_last(content: bytes) -> bytes:
    parsed = orjson.loads(content)
    context = parsed.pop("@context")
    return orjson.dumps({**parsed, "@context": context})


def pretty(content: bytes) -> bytes:
    return json.dumps(json.loads(content), indent=1, ensure_ascii=False).encode()


def lines(content: bytes) -> bytes:
    made = [{"@context": orjson.loads(content)["@context"], **each} for each in events(60)]
    return b"\n".join(orjson.dumps(each) for each in made) + b"\n\n"


def bare(content: bytes) -> bytes:
    return b"[" + lines(content).strip().replace(b"\n", b" ,\n") + b"]"


FORMS = {
    "document": lambda content: content,
    "pretty": pretty,
    "context last": context_last,
    "byte order mark": lambda content: b"\xef\xbb\xbf \n" + content,
    "lines": lines,
    "list": bare,
}


@pytest.mark.parametrize("portion", [64, 1000, 4096, 10**6])
@pytest.mark.parametrize("form", FORMS)
def test_portions_change_nothing(form: str, portion: int) -> None:
    content = FORMS[form](document(*events(60)))
    whole = read_events(document(*events(60)))

    readings = list(iter_events(io.BytesIO(content), portion=portion))

    assert [fault for each in readings for fault in each.faults] == []
    found = [event for each in readings for event in each.events]
    assert [event.hash for event in found] == [event.hash for event in whole.events]
    assert [event.position for event in found] == list(range(60))
    assert sum(each.total for each in readings) == 60


@given(st.integers(1, 3000), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_any_portion_is_good(portion: int, count: int) -> None:
    content = document(*events(count))

    found = [each for reading in iter_events(io.BytesIO(content), portion=portion)
             for each in reading.events]  # fmt: skip

    assert [each.hash for each in found] == [each.hash for each in read_events(content).events]


def test_a_slow_pipe_is_read_to_its_end() -> None:
    content = document(*events(30))

    readings = list(iter_events(Pipe(content), portion=1000))

    assert sum(len(each.events) for each in readings) == 30


def test_a_pipe_needs_its_context_first() -> None:
    (reading,) = iter_events(Pipe(context_last(document(*events(30)))), portion=1000)

    assert [each.rule for each in reading.faults] == ["order"]


def faults_of(content: bytes, **options: Any) -> tuple[int, list[Fault]]:
    readings = list(iter_events(io.BytesIO(content), **options))
    return (
        sum(len(each.events) for each in readings),
        [fault for each in readings for fault in each.faults],
    )


def test_bad_events_keep_their_places() -> None:
    made = events(30)
    made[7] = shipping(action="x")
    content = document(*made).replace(orjson.dumps(made[20]), b"7")

    taken, faults = faults_of(content, portion=900)

    assert taken == 28
    assert [each.position for each in faults] == [7, 20]


def test_a_bad_line_keeps_its_place() -> None:
    made = [orjson.dumps(each) for each in events(30)]
    made[4], made[9] = b'{"type":', b'{"a":1,"a":2}'

    taken, faults = faults_of(b"\n".join(made), portion=900)

    assert taken == 28
    assert [(each.position, each.rule) for each in faults] == [(4, "json"), (9, "json")]


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.99])
def test_a_file_cut_short_is_told_and_what_came_before_stands(cut: float) -> None:
    whole = document(*events(60))

    taken, faults = faults_of(whole[: int(len(whole) * cut)], portion=2000)

    assert 0 < taken < 60 or cut == 0.99
    assert (faults[-1].position, faults[-1].rule) == (None, "json")


@pytest.mark.parametrize("tail", [b"]}", b"]}}x", b"]]}", b'],"x"}}', b""])
def test_what_stands_behind_the_events_is_looked_at(tail: bytes) -> None:
    whole = document(*events(60))

    _, faults = faults_of(whole[:-3] + tail, portion=2000)

    assert faults
    assert faults[-1].position is None


def test_damage_between_events_is_told() -> None:
    made = events(60)
    whole = document(*made)
    second = whole.index(orjson.dumps(made[40]))

    taken, faults = faults_of(whole[: second - 1] + whole[second:], portion=2000)

    assert taken < 60
    assert "damaged after" in faults[-1].message


def test_a_name_given_twice_is_told() -> None:
    whole = document(*events(60)).replace(
        b'"eventID":"urn:x:33"', b'"eventID":"urn:y","eventID":"urn:x:33"'
    )

    _, faults = faults_of(whole, portion=2000)

    assert "'eventID' is given twice" in faults[-1].message


@pytest.mark.parametrize("form", ["document", "lines", "list"])
def test_one_event_too_large_is_refused_by_name(form: str) -> None:
    made = [*events(5), shipping(**{"dairy:text": "x" * 50_000})]
    content = {
        "document": document(*made),
        "lines": b"\n".join(orjson.dumps(each) for each in made),
        "list": orjson.dumps(made),
    }[form]

    taken, faults = faults_of(content, portion=1000, limits=Limits(event_size=20_000))

    assert taken <= 5
    assert (faults[-1].rule, "20000 bytes" in faults[-1].message) == ("limit", True)


def test_a_file_without_events_is_refused() -> None:
    taken, faults = faults_of(b'{"a":"' + b"x" * 9000 + b'"}', portion=1000)

    assert taken == 0
    assert faults[0].rule == "enum"


def test_a_list_elsewhere_is_not_taken_for_the_events() -> None:
    content = orjson.dumps(
        {
            "@context": CONTEXT,
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-04-09T08:00:00Z",
            "epcisHeader": {"x:y": {"eventList": [1, 2]}},
            "epcisBody": {"eventList": events(10)},
        }
    )

    taken, faults = faults_of(content, portion=100)

    assert taken == 0
    assert faults


def test_memory_is_bounded_by_the_portion() -> None:
    content = document(*events(3000))

    most = max(
        sum(len(event.document) for event in reading.events)
        for reading in iter_events(io.BytesIO(content), portion=50_000)
    )

    assert most < 300_000
    assert len(content) > 1_000_000
