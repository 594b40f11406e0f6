"""Series of lots: one, many, and their lots."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from registry.models import Enterprise
from sampling.errors import SeriesUnknown
from sampling.models.acceptance import AcceptanceLot, AcceptanceSeries
from sampling.views import LotView, SeriesDetail, SeriesView


def series_by_no(session: Session, series_no: str, *, lock: bool = False) -> AcceptanceSeries:
    """The series with this number; with its row locked, if it is to be changed.

    Raises
    ------
    SeriesUnknown
        There is none.
    """
    statement = select(AcceptanceSeries).where(AcceptanceSeries.no == series_no)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    series = session.execute(statement).scalar_one_or_none()
    if series is None:
        raise SeriesUnknown(series_no=series_no)
    return series


def series_matching(
    *, state: str | None = None, text: str | None = None, open_only: bool = False
) -> Select[AcceptanceSeries]:
    """Series by state and part of number, product or enterprise; to be paged.

    Parameters
    ----------
    state : {"normal", "tightened", "reduced", "stopped"}, optional
        "stopped": those whose inspection is discontinued; the others only those that go on.
    """
    statement = select(AcceptanceSeries)
    if state == "stopped":
        statement = statement.where(AcceptanceSeries.is_stopped)
    elif state:
        statement = statement.where(
            AcceptanceSeries.state == state, AcceptanceSeries.is_stopped.is_(False)
        )
    if open_only:
        statement = statement.where(AcceptanceSeries.closed_at.is_(None))
    if text:
        named = select(Enterprise.id).where(Enterprise.name.icontains(text, autoescape=True))
        statement = statement.where(
            or_(
                AcceptanceSeries.no.icontains(text, autoescape=True),
                AcceptanceSeries.product.icontains(text, autoescape=True),
                AcceptanceSeries.characteristic.icontains(text, autoescape=True),
                AcceptanceSeries.enterprise_id.in_(named),
            )
        )
    return statement


def series_views(session: Session, rows: Sequence[AcceptanceSeries]) -> list[SeriesView]:
    """Series with their enterprises, in the order given."""
    ids = {row.enterprise_id for row in rows}
    enterprises = {
        each.id: each
        for each in session.execute(select(Enterprise).where(Enterprise.id.in_(ids))).scalars()
    }
    return [
        SeriesView(
            id=row.id,
            no=row.no,
            enterprise_code=enterprises[row.enterprise_id].code,
            enterprise_name=enterprises[row.enterprise_id].name,
            product=row.product,
            characteristic=row.characteristic,
            aql=float(row.aql),
            level=row.level,
            reduced_allowed=row.reduced_allowed,
            state=row.state,
            is_stopped=row.is_stopped,
            score=row.score,
            lots=row.lots,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            closed_reason=row.closed_reason,
            version=row.version,
        )
        for row in rows
    ]


def lots_of(session: Session, series_id: int) -> list[AcceptanceLot]:
    """The lots of a series in the order of inspection."""
    return list(
        session.execute(
            select(AcceptanceLot)
            .where(AcceptanceLot.series_id == series_id)
            .order_by(AcceptanceLot.position)
        ).scalars()
    )


def series_detail(session: Session, series_no: str) -> SeriesDetail:
    """A series with all its lots.

    Raises
    ------
    SeriesUnknown
        There is none.
    """
    series = series_by_no(session, series_no)
    names = LotView.__slots__
    return SeriesDetail(
        summary=series_views(session, [series])[0],
        lots=tuple(
            LotView(**{name: getattr(row, name) for name in names})
            for row in lots_of(session, series.id)
        ),
    )
