"""What a signal's count consists of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from core.files import StoredFile
from registry.models import Enterprise
from risk.maths.sources import Source
from risk.models import Incident, Observation, Signal

LARGEST_EVIDENCE = 500  # rows shown with one signal; the exact number is always told


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One thing that was counted: an incident or an inspection, and where it came from."""

    kind: str
    number: str
    on: date
    enterprise_code: str | None
    enterprise_name: str | None
    lot_no: str | None
    hazard: str | None
    description: str | None
    inspected: int | None
    failing: int | None
    file_name: str | None
    row_number: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the count of a signal's week consists of; ``total`` is exact, ``rows`` may be cut."""

    total: int
    rows: tuple[EvidenceRow, ...]


def evidence_of(session: Session, signal: Signal) -> Evidence:
    """The rows that were counted in the signal's week, as they stand now."""
    week = (signal.week, signal.week + timedelta(days=6))
    if signal.source == Source.INSPECTION:
        return _failing_observations(session, signal, week)
    return _incidents(session, signal, week)


def _failing_observations(session: Session, signal: Signal, week: tuple[date, date]) -> Evidence:
    statement = (
        select(Observation, Enterprise.code, Enterprise.name)
        .outerjoin(Enterprise, Enterprise.id == Observation.enterprise_id)
        .where(
            Observation.region_code == signal.region_code,
            Observation.category_code == signal.category_code,
            Observation.on.between(*week),
            Observation.failing > 0,
        )
    )
    rows = session.execute(
        statement.order_by(Observation.on, Observation.id).limit(LARGEST_EVIDENCE)
    ).all()
    return Evidence(
        _total(session, statement),
        tuple(
            EvidenceRow(
                kind="inspection",
                number=row.source_id,
                on=row.on,
                enterprise_code=code,
                enterprise_name=name,
                lot_no=None,
                hazard=None,
                description=None,
                inspected=row.inspected,
                failing=row.failing,
                file_name=None,
                row_number=None,
            )
            for row, code, name in rows
        ),
    )


def accidents_beside(session: Session, category_code: str, week_on: date) -> Evidence:
    """Accidents and injuries with the same product in the four weeks up to a signal's, anywhere.

    They were not counted in the signal; they often name the lot that it is about.
    """
    span = (week_on - timedelta(weeks=3), week_on + timedelta(days=6))
    return _listed(
        session,
        Incident.kind.in_(("accident", "injury")),
        Incident.category_code == category_code,
        Incident.on.between(*span),
    )


def incidents_naming(session: Session, lot_numbers: Collection[str]) -> Evidence:
    """Incidents that name one of these lots, oldest first; two makers may use one number."""
    return _listed(session, Incident.lot_no.in_(lot_numbers))


def _incidents(session: Session, signal: Signal, week: tuple[date, date]) -> Evidence:
    return _listed(
        session,
        Incident.kind.in_(Source(signal.source).incident_kinds),
        Incident.region_code == signal.region_code,
        Incident.category_code == signal.category_code,
        Incident.on.between(*week),
    )


def _listed(session: Session, *conditions: ColumnElement[bool]) -> Evidence:
    statement = (
        select(Incident, Enterprise.code, Enterprise.name, StoredFile.name)
        .outerjoin(Enterprise, Enterprise.id == Incident.enterprise_id)
        .outerjoin(StoredFile, StoredFile.sha256 == Incident.file_sha256)
        .where(*conditions)
    )
    rows = session.execute(
        statement.order_by(Incident.on, Incident.id).limit(LARGEST_EVIDENCE)
    ).all()
    return Evidence(
        _total(session, statement),
        tuple(
            EvidenceRow(
                kind=row.kind,
                number=row.number,
                on=row.on,
                enterprise_code=code,
                enterprise_name=name,
                lot_no=row.lot_no,
                hazard=row.hazard,
                description=row.description,
                inspected=None,
                failing=None,
                file_name=file_name,
                row_number=row.row_number,
            )
            for row, code, name, file_name in rows
        ),
    )


def _total(session: Session, statement: Select[*tuple[Any, ...]]) -> int:
    counted = statement.with_only_columns(func.count(), maintain_column_froms=True)
    return session.execute(counted).scalar_one()
