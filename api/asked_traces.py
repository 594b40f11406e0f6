"""The trace that the query of a request asks for."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from traceability.maths.answer import Trace
from traceability.queries import ledger as queries
from traceability.service import tracing as service


def asked_trace(session: Session, arguments: dict[str, Any]) -> Trace:
    """Trace what the arguments of `TraceArgs` say; they are used up."""
    number, lot_id = arguments.pop("lot"), arguments.pop("lot_id")
    gtin, maker = arguments.pop("gtin"), arguments.pop("maker")
    if arguments["party_id"]:
        arguments["party_id"] = [party_id or None for party_id in arguments["party_id"]]
    if lot_id is None:
        lot_id = queries.lot_by_number(session, number, gtin=gtin, maker_code=maker).lot_id
    return service.trace(session, lot_id, **arguments)
