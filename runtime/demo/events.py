"""EPCIS events of the demo city: a dealer tells late, and in another form, where a bad lot went.

The way of lot QC-7B is frozen and watched first; then the dealer's warehouse reports by EPCIS what
its ledger never said, and the watch raises an alert.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import orjson
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Role
from core.clock import CIVIL_ZONE
from core.progress import Progress
from runtime.demo.accounts import actor
from runtime.demo.city import City
from runtime.demo.story import SECOND_LOT
from traceability.maths.epcis.contexts import EPCIS_CONTEXT
from traceability.maths.epcis.from_ledger import NAMES
from traceability.queries.ledger import lot_by_number
from traceability.service.capturing import take_document
from traceability.service.watching import arm, freeze_trace

# Serial shipping container codes of two pallets, with check digits; the prefix is one for use
# inside a company.
_PALLETS = ("002900000000000012", "002900000000000029")


def watch(session: Session, city: City, progress: Progress) -> None:
    """The risk officer freezes the way of the second maker's lot and has it watched."""
    analyst = actor(session, Role.RISK_ANALYST)
    lot = lot_by_number(session, SECOND_LOT)
    row = freeze_trace(
        session,
        analyst,
        lot.lot_id,
        reason="同用电容 C-0711，抽检不合格的充电器已召回",
        direction="forward",
    )
    arm(session, analyst, row.no)


def tell(session: Session, city: City, progress: Progress) -> None:
    """The dealer's warehouse reports two pallets by EPCIS, one of them with a mistake mended."""
    take_document(session, SYSTEM, document(city))


def document(city: City) -> bytes:
    """What the warehouse sends: packed, shipped, received, unpacked, sold; one declared wrong."""
    firms = city.story.firms
    second = firms["second"].code
    gtin = next(
        each.gtin for each in city.products
        if each.enterprise_code == second and each.category_code == firms["second"].category_code
    )  # fmt: skip
    lot = f"https://id.gs1.org/01/{gtin}/10/{SECOND_LOT}"
    dealer = firms["dealer_river"].code
    shops = sorted(each.code for each in city.enterprises if each.tier == 4)[:2]
    start = datetime.combine(city.as_of - timedelta(days=20), time(9), CIVIL_ZONE)
    events: list[dict[str, Any]] = []
    for number, (pallet, shop, amount) in enumerate(zip(_PALLETS, shops, (60, 40), strict=True)):
        at = start + timedelta(days=number)
        name = f"https://id.gs1.org/00/{pallet}"
        content = [{"epcClass": lot, "quantity": amount}]
        events += [
            _event(at, "AggregationEvent", "ADD", "packing", dealer,
                   parentID=name, childQuantityList=content),
            _event(at + timedelta(hours=2), "ObjectEvent", "OBSERVE", "shipping", dealer,
                   epcList=[name], **_between(dealer, shop)),
            _event(at + timedelta(hours=8), "ObjectEvent", "OBSERVE", "receiving", shop,
                   epcList=[name], **_between(dealer, shop)),
            _event(at + timedelta(hours=9), "AggregationEvent", "DELETE", "unpacking", shop,
                   parentID=name, childQuantityList=content),
        ]  # fmt: skip
    sold = _event(start + timedelta(days=5), "ObjectEvent", "OBSERVE", "retail_selling", shops[0],
                  quantityList=[{"epcClass": lot, "quantity": 400}])  # fmt: skip
    right = {**sold, "eventID": f"{NAMES}demo/sale-2",
             "quantityList": [{"epcClass": lot, "quantity": 40}]}  # fmt: skip
    sold["eventID"] = f"{NAMES}demo/sale-1"
    wrong = {
        **sold,
        "errorDeclaration": {
            "declarationTime": (start + timedelta(days=6)).isoformat(),
            "reason": "incorrect_data",
            "correctiveEventIDs": [right["eventID"]],
        },
    }
    return orjson.dumps(
        {
            "@context": [EPCIS_CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": (start + timedelta(days=7)).isoformat(),
            "epcisBody": {"eventList": [*events, sold, wrong, right]},
        }
    )


def _event(
    at: datetime, kind: str, action: str, step: str, place: str, **facts: Any
) -> dict[str, Any]:
    return {
        "type": kind,
        "eventTime": at.isoformat(),
        "eventTimeZoneOffset": "+08:00",
        "action": action,
        "bizStep": step,
        "readPoint": {"id": _party(place)},
        "bizLocation": {"id": _party(place)},
        **facts,
    }


def _between(sender: str, receiver: str) -> dict[str, Any]:
    return {
        "sourceList": [{"type": "possessing_party", "source": _party(sender)}],
        "destinationList": [{"type": "possessing_party", "destination": _party(receiver)}],
    }


def _party(code: str) -> str:
    return f"{NAMES}party/{code}"
