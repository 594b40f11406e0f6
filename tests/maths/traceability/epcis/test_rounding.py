"""No quantity of an event is rounded in silence by the way numbers are read."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import pytest

from tests.services.traceability.epcis import document, event
from traceability.maths.epcis.reading import read_events
from traceability.maths.epcis.streaming import iter_events


@pytest.mark.parametrize("how", ["whole", "list", "lines"])
@pytest.mark.parametrize(
    ("written", "is_taken"),
    [
        ("47683715.820312497", False),
        ("0.10000000000000000555", False),
        ("1e-400", False),
        ("4.7683715820312497e7", False),
        ("999999999999999.25", False),
        ("10.00000000000000000000", True),
        ("1.25e-00000000000000001", True),
        ("47683715.820312", True),
    ],
)
def test_no_quantity_is_rounded_in_silence(how: str, written: str, is_taken: bool) -> None:
    events = [json.dumps(event(n)).replace('"quantity": 100', f'"quantity" : {n}') for n in (1, 2)]
    events[1] = events[1].replace('"quantity" : 2', f'"quantity" : {written}')
    if how == "whole":
        bare = json.dumps(document())
        content = bare.replace('"eventList": []', f'"eventList": [{",".join(events)}]').encode()
        readings = [read_events(content)]
    else:
        text = "\n".join(events) if how == "lines" else f"[{','.join(events)}]"
        readings = [*iter_events(io.BytesIO(text.encode()), portion=64)]

    taken = [each for reading in readings for each in reading.events]
    faults = [fault for reading in readings for fault in reading.faults]

    assert [each.position for each in taken] == ([0, 1] if is_taken else [0])
    if is_taken:
        assert not faults
        assert taken[1].items[0].quantity == Decimal(written)
    else:
        (fault,) = faults
        assert (fault.position, fault.path, fault.rule) == (
            1,
            "/quantityList/0/quantity",
            "quantity",
        )
        assert written in fault.message


def test_long_numbers_elsewhere_do_not_stop_an_event() -> None:
    text = json.dumps(event(1, **{"@context": {"ex": "https://example.org/"}, "ex:pi": 3.5}))
    text = text.replace("3.5", "3.14159265358979323846").replace(": 100", ": 100.0000000000000000")

    reading = read_events(text.encode())

    assert not reading.faults
    assert json.loads(reading.events[0].document)["ex:pi"] == 3.141592653589793


def test_an_amount_in_an_extension_is_not_rounded_either() -> None:
    amount = {"epcClass": "urn:epc:class:lgtin:4012345.012345.L1", "quantity": 7.5}
    text = json.dumps(event(1, **{"@context": {"ex": "https://example.org/"}, "ex:a": amount}))

    reading = read_events(text.replace("7.5", "7.50000000000000000001").encode())

    assert not reading.events
    assert [fault.rule for fault in reading.faults] == ["quantity"]
