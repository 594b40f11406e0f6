"""EPCIS events for tests, short to write: ``ship("L1", 100, "A", "B", at=3)``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from traceability.maths.epcis.event import (
    CapturedEvent,
    Declaration,
    EventType,
    Identifier,
    IdentifierKind,
    Item,
    Role,
)
from traceability.maths.epcis.statements import Recorded

GTIN = "06901234567892"
HOUR = 3_600_000_000


def gln(name: str) -> str:
    """A made-up location number for a name of letters."""
    return "69" + "".join(f"{ord(letter) - 60:02d}" for letter in name).rjust(11, "0")


def lot(number: str, gtin: str = GTIN) -> Identifier:
    key = f"https://id.gs1.org/01/{gtin}/10/{number}"
    return Identifier(key, IdentifierKind.LOT, key, gtin, number)


def thing(serial: str, gtin: str = GTIN) -> Identifier:
    key = f"https://id.gs1.org/01/{gtin}/21/{serial}"
    return Identifier(key, IdentifierKind.INSTANCE, key, gtin, None, serial)


def kind_of(gtin: str = GTIN) -> Identifier:
    key = f"https://id.gs1.org/01/{gtin}"
    return Identifier(key, IdentifierKind.CLASS, key, gtin)


def pallet(number: str) -> Identifier:
    key = f"https://id.gs1.org/00/{number}"
    return Identifier(key, IdentifierKind.CONTAINER, key)


def bin_(number: str) -> Identifier:
    key = f"https://id.gs1.org/8003/{number}"
    return Identifier(key, IdentifierKind.ASSET, key)


def place(name: str, extension: str = "") -> Identifier:
    key = f"https://id.gs1.org/414/{gln(name)}" + (f"/254/{extension}" if extension else "")
    return Identifier(key, IdentifierKind.PLACE, key)


def party(name: str) -> Identifier:
    key = f"https://id.gs1.org/417/{gln(name)}"
    return Identifier(key, IdentifierKind.PARTY, key)


def item(
    what: Identifier | str,
    quantity: Any = None,
    unit: str | None = None,
    role: Role = Role.EPC,
) -> Item:
    identifier = lot(what) if isinstance(what, str) else what
    if identifier.kind not in (IdentifierKind.LOT, IdentifierKind.CLASS):
        return Item(role, identifier, Decimal(1), None)
    return Item(role, identifier, None if quantity is None else Decimal(str(quantity)), unit)


def event(
    kind: EventType,
    *,
    at: float,
    items: Sequence[Item],
    action: str | None = "OBSERVE",
    step: str | None = None,
    disposition: str | None = None,
    here: Identifier | None = None,
    read_point: Identifier | None = None,
    sources: Sequence[tuple[str, Identifier]] = (),
    destinations: Sequence[tuple[str, Identifier]] = (),
    papers: Sequence[tuple[str | None, str]] = (),
    process: str | None = None,
    event_id: str | None = None,
    declares: tuple[str, ...] | None = None,
    ilmd: dict[str, Any] | None = None,
    salt: str = "",
) -> CapturedEvent:
    """An event with the hash of its content."""
    content = (kind, at, items, action, step, disposition, here, read_point, sources, destinations,
               papers, process, ilmd, salt)  # fmt: skip
    digest = hashlib.sha256(repr(content).encode()).digest()
    declaration = None if declares is None else Declaration(0, "incorrect_data", declares)
    return CapturedEvent(
        position=0,
        type=kind,
        event_id=event_id,
        hash=digest,
        declaration_hash=hashlib.sha256(repr(declares).encode()).digest() if declaration else b"",
        event_time=int(at * HOUR),
        offset="+08:00",
        action=None if kind is EventType.TRANSFORMATION else action,
        biz_step=step,
        disposition=disposition,
        read_point=read_point,
        biz_location=here,
        transformation_id=process,
        items=tuple(items),
        sources=tuple(sources),
        destinations=tuple(destinations),
        transactions=tuple(papers),
        declaration=declaration,
        document=json.dumps({"ilmd": ilmd} if ilmd else {}).encode().replace(b": ", b":"),
    )


def ship(
    what: Identifier | str, quantity: Any, source: str, target: str, *, at: float, **more: Any
) -> CapturedEvent:
    return event(
        EventType.OBJECT,
        at=at,
        items=[item(what, quantity, more.pop("unit", None))],
        step=more.pop("step", "shipping"),
        sources=[("possessing_party", party(source))],
        destinations=[("possessing_party", party(target))],
        **more,
    )


def receive(
    what: Identifier | str, quantity: Any, source: str, target: str, *, at: float, **more: Any
) -> CapturedEvent:
    return ship(what, quantity, source, target, at=at, step="receiving", **more)


def make(
    inputs: Sequence[tuple[Any, ...]],
    outputs: Sequence[tuple[Any, ...]],
    where: str,
    *,
    at: float,
    **more: Any,
) -> CapturedEvent:
    return event(
        EventType.TRANSFORMATION,
        at=at,
        items=[item(*each, role=Role.INPUT) if len(each) == 3 else item(*each, None, Role.INPUT)
               for each in inputs]
        + [item(*each, role=Role.OUTPUT) if len(each) == 3 else item(*each, None, Role.OUTPUT)
           for each in outputs],
        here=place(where),
        **more,
    )  # fmt: skip


def commission(
    what: Identifier | str, quantity: Any, where: str, *, at: float, **more: Any
) -> CapturedEvent:
    return event(
        EventType.OBJECT,
        at=at,
        items=[item(what, quantity, more.pop("unit", None))],
        action="ADD",
        step="commissioning",
        here=place(where),
        **more,
    )


def pack(
    parent: Identifier,
    children: Sequence[tuple[Any, ...]],
    *,
    at: float,
    action: str = "ADD",
    kind: EventType = EventType.AGGREGATION,
    **more: Any,
) -> CapturedEvent:
    return event(
        kind,
        at=at,
        items=[
            item(parent, role=Role.PARENT),
            *(Item(Role.CHILD, each.identifier, each.quantity, each.unit)
              for each in (item(*child) for child in children)),
        ],
        action=action,
        **more,
    )  # fmt: skip


def recorded(*events: CapturedEvent, since: int = 0) -> list[Recorded]:
    """Events as they came, one after the other."""
    return [Recorded(since + n, since + n, each) for n, each in enumerate(events, start=1)]
