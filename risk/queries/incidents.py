"""Incidents."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Select, select

from risk.maths.weekly import monday_of
from risk.models import Incident

INCIDENT_KEY = (Incident.on, Incident.id)


def incidents_statement(
    *,
    kind: str | None = None,
    region: str | None = None,
    category: str | None = None,
    monday: date | None = None,
) -> Select[Incident]:
    """Incidents by filter, unordered; list them by ``(Incident.on, Incident.id)``."""
    statement = select(Incident)
    if kind is not None:
        statement = statement.where(Incident.kind == kind)
    if region is not None:
        statement = statement.where(Incident.region_code == region)
    if category is not None:
        statement = statement.where(Incident.category_code == category)
    if monday is not None:
        first = monday_of(monday)
        statement = statement.where(Incident.on.between(first, first + timedelta(days=6)))
    return statement
