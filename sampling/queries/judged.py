"""Lots whose tests stand: what failed and what passed, for whoever traces them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import CIVIL_ZONE
from sampling.models.procedure import SamplingCase

MOST = 400


@dataclass(frozen=True, slots=True)
class JudgedLot:
    """A lot as a case names it, and its verdict."""

    case_no: str
    lot_no: str
    product: str | None
    enterprise_id: int
    producer_id: int | None
    verdict: str
    confirmed_at: datetime


def judged_lots(
    session: Session, *, product: str = "", since: date, until: date, limit: int = MOST
) -> list[JudgedLot]:
    """Lots with a verdict that stands, confirmed from ``since`` to ``until``; latest first.

    Monitoring samples (风险监测) are no verdicts and are left out.

    Parameters
    ----------
    product : str
        Part of the product's name; empty for all.
    """
    statement = (
        select(SamplingCase)
        .where(
            SamplingCase.lot_no.is_not(None),
            SamplingCase.verdict.in_(("pass", "fail")),
            SamplingCase.confirmed_at >= datetime.combine(since, time(), CIVIL_ZONE),
            SamplingCase.confirmed_at
            < datetime.combine(until + timedelta(days=1), time(), CIVIL_ZONE),
            SamplingCase.purpose != "monitoring",
            SamplingCase.void_reason.is_(None),
        )
        .order_by(SamplingCase.confirmed_at.desc(), SamplingCase.id)
        .limit(limit)
    )
    if product:
        statement = statement.where(SamplingCase.product.contains(product, autoescape=True))
    return [
        JudgedLot(
            case_no=row.no,
            lot_no=row.lot_no or "",
            product=row.product,
            enterprise_id=row.enterprise_id,
            producer_id=row.producer_id,
            verdict=row.verdict or "",
            confirmed_at=row.confirmed_at,
        )
        for row in session.execute(statement).scalars()
        if row.confirmed_at is not None
    ]
