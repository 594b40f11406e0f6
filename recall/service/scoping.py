"""The scope of a recall: as the producer states it, then as the trace finds it."""

from __future__ import annotations

from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, journal
from core.actors import Actor
from core.clock import now
from recall.maths.scope import (
    Goods,
    Holder,
    LineAmounts,
    Oddity,
    Scope,
    ScopeBalance,
    stated_scope,
    traced_scope,
)
from recall.models import Recall, RecallScope, RecallScopeLine
from recall.queries import files
from registry.models import Enterprise
from traceability.errors import LotAmbiguous, LotUnknown
from traceability.maths.amounts import Amount, plain
from traceability.queries.ledger import lot_by_number
from traceability.service.tracing import trace


def state_scope(
    session: Session,
    recall: Recall,
    *,
    quantity: Decimal | None,
    unit: str,
    oddities: tuple[str, ...] = (),
) -> RecallScope:
    """Store the scope on the word of the producer: one lot, nothing traced."""
    producer = session.get_one(Enterprise, recall.enterprise_id)
    scope = stated_scope(
        Goods(None, recall.lot_no, recall.gtin, recall.product, recall.enterprise_id),
        Holder(producer.id, producer.code, producer.name),
        quantity=quantity,
        unit=unit,
        oddities=oddities,
    )
    return _store(session, recall, scope)


def trace_scope(session: Session, actor: Actor, recall_id: int) -> RecallScope:
    """Put what the ledgers tell in place of what the producer stated.

    Needs the rights of the system: an enterprise may not read the ledgers of others. A lot that
    no ledger knows keeps its stated line, with the oddity that says so.
    """
    recall = session.execute(
        select(Recall).where(Recall.id == recall_id).with_for_update()
    ).scalar_one()
    producer = session.get_one(Enterprise, recall.enterprise_id)
    quantity, unit = _stated(session, recall)
    try:
        lot = lot_by_number(session, recall.lot_no, gtin=recall.gtin, maker_code=producer.code)
    except (LotUnknown, LotAmbiguous) as refusal:
        doubt = (
            Oddity.LOT_NOT_IN_LEDGER if isinstance(refusal, LotUnknown) else Oddity.LOT_AMBIGUOUS
        )
        row = state_scope(session, recall, quantity=quantity, unit=unit, oddities=(doubt.value,))
    else:
        found = trace(session, lot_id=lot.lot_id, direction="forward")
        row = _store(session, recall, traced_scope(found, stated=quantity, stated_unit=unit))
    recall.scope_pending = False
    body = {
        "edition": row.edition,
        "basis": row.basis,
        "trace": row.trace_digest,
        "lines": len(files.lines(session, row.id)),
        "oddities": row.oddities,
    }
    journal.append(session, files.stream_of(recall.number), "scope-traced", body)
    audit.record(session, actor, "recall.scope-traced", recall.number, body)
    return row


def amounts_document(of: ScopeBalance | LineAmounts) -> dict[str, Any]:
    """Write amounts as exact decimal text: part → low and high."""
    parts = {part.name: getattr(of, part.name) for part in fields(of)}
    return {
        name: {"low": _text(part.lo), "high": _text(part.hi)}
        for name, part in parts.items()
        if isinstance(part, Amount)
    }


def _text(bound: Decimal | None) -> str | None:
    return None if bound is None else plain(bound)


def _stated(session: Session, recall: Recall) -> tuple[Decimal | None, str]:
    """What the producer said it made, from the first edition."""
    first = session.execute(
        select(RecallScope).where(RecallScope.recall_id == recall.id, RecallScope.edition == 1)
    ).scalar_one()
    produced = first.balance["produced"]["high"]
    return (None if produced is None else Decimal(produced)), first.unit


def _store(session: Session, recall: Recall, scope: Scope) -> RecallScope:
    before = session.execute(
        select(RecallScope.edition)
        .where(RecallScope.recall_id == recall.id)
        .order_by(RecallScope.edition.desc())
        .limit(1)
    ).scalar_one_or_none()
    row = RecallScope(
        recall_id=recall.id,
        enterprise_id=recall.enterprise_id,
        edition=(before or 0) + 1,
        basis=scope.basis.value,
        balance=amounts_document(scope.balance),
        unit=scope.balance.unit,
        oddities=list(scope.oddities),
        gaps=scope.gaps,
        is_truncated=scope.truncated,
        trace_digest=scope.trace_digest,
        drawn_at=now(),
    )
    session.add(row)
    session.flush()  # the lines need its id
    session.add_all(
        RecallScopeLine(
            scope_id=row.id,
            enterprise_id=recall.enterprise_id,
            **asdict(line.goods),
            holder_id=line.holder.enterprise_id,
            holder_code=line.holder.code,
            holder_name=line.holder.name,
            depth=line.depth,
            evidence=line.evidence.value,
            is_certain=line.certain,
            unit=line.unit,
            amounts=amounts_document(line.amounts),
        )
        for line in scope.lines
    )
    session.flush()  # the notice reads the lines
    return row
