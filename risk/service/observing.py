"""What was seen and told: inspection results and incidents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.actors import Actor
from core.clock import now, today
from core.errors import FieldProblem
from core.numbers import next_number
from core.progress import Progress, silent
from registry.queries import enterprise_by_code
from risk.errors import IncidentInvalid, IncidentKnown
from risk.models import Incident, Observation
from risk.service.bulk import insert_new

UNKNOWN_REGION = "unknown"
UNSPECIFIED_CATEGORY = "unspecified"
INSPECTION = "sampling"  # the source of observations that sampling announces


def observe(session: Session, actor: Actor, *, results: Sequence[Mapping[str, Any]]) -> int:
    """Keep inspection results as observations; a result that came before is left alone.

    Parameters
    ----------
    results : sequence of mapping
        ``{"source_id", "on", "region_code", "category_code", "enterprise_id", "inspected",
        "failing"}`` as announced; ``inspected`` defaults to 1.

    Returns
    -------
    int
        How many were new.
    """
    moment = now()
    values = [
        {
            "source": INSPECTION,
            "source_id": str(result["source_id"]),
            "on": date.fromisoformat(str(result["on"])),
            "region_code": result.get("region_code") or UNKNOWN_REGION,
            "category_code": result.get("category_code") or UNSPECIFIED_CATEGORY,
            "enterprise_id": result.get("enterprise_id"),
            "inspected": int(result.get("inspected", 1)),
            "failing": int(result["failing"]),
            "recorded_at": moment,
        }
        for result in results
    ]
    return insert_new(session, Observation, values, key=("source", "source_id"))


def report_incident(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    received_on: date,
    region_code: str,
    category_code: str,
    source: str = "portal",
    source_no: str | None = None,
    occurred_on: date | None = None,
    enterprise_code: str | None = None,
    lot_no: str | None = None,
    hazard: str | None = None,
    severity: int | None = None,
    injured: int = 0,
    description: str | None = None,
    reporter: str | None = None,
) -> Incident:
    """Put an accident, an injury, a complaint or a lead on record, with a number to refer to.

    Raises
    ------
    IncidentInvalid
        A day lies in the future, or it happened after it was told.
    IncidentKnown
        The same source has told the same number before.
    EnterpriseUnknown
        No enterprise has that code.
    """
    problems = _problems(kind, received_on, occurred_on, injured)
    if problems:
        raise IncidentInvalid(fields=problems)
    enterprise_id = None
    if enterprise_code:
        enterprise_id = enterprise_by_code(session, enterprise_code).id
    if source_no is not None:
        known = session.execute(
            select(Incident.number).where(
                Incident.source == source, Incident.source_no == source_no
            )
        ).scalar_one_or_none()
        if known is not None:
            raise IncidentKnown(source=source, source_no=source_no, number=known)
    number = next_number(session, "IN", received_on.year)
    incident = Incident(
        number=number,
        kind=kind,
        source=source,
        source_no=source_no or number,
        on=occurred_on or received_on,
        occurred_on=occurred_on,
        received_on=received_on,
        region_code=region_code,
        category_code=category_code,
        enterprise_id=enterprise_id,
        lot_no=lot_no,
        hazard=hazard,
        severity=severity,
        injured=injured,
        description=description,
        reporter=reporter,
        recorded_at=now(),
    )
    session.add(incident)
    session.flush()  # the caller answers with its id
    audit.record(session, actor, "incident.recorded", number, {"kind": kind})
    return incident


def _problems(
    kind: str, received_on: date, occurred_on: date | None, injured: int
) -> list[FieldProblem]:
    """What does not fit together."""
    problems = []
    if received_on > today():
        problems.append(
            FieldProblem("received_on", "It lies in the future; write the day it was received.")
        )
    if occurred_on is not None and occurred_on > received_on:
        problems.append(
            FieldProblem("occurred_on", "It lies after the day it was received; check both days.")
        )
    if kind in ("complaint", "lead") and injured:
        problems.append(
            FieldProblem("injured", "Somebody was hurt: record it as an injury or an accident.")
        )
    return problems


def store_incidents(
    session: Session, rows: Iterable[Mapping[str, Any]], *, progress: Progress = silent
) -> int:
    """Keep many incidents at once, from a file or from a demonstration.

    Parameters
    ----------
    rows : iterable of mapping
        Columns of an incident; ``kind``, ``source``, ``source_no`` and ``received_on`` at least.

    Returns
    -------
    int
        How many were new: one that the same source has told before is left alone.
    """
    moment = now()
    values = [_incident_values(row, moment) for row in rows]
    return insert_new(session, Incident, values, key=("source", "source_no"), progress=progress)


def _incident_values(row: Mapping[str, Any], moment: Any) -> dict[str, Any]:
    occurred_on = row.get("occurred_on")
    return {
        "number": f"{row['source']}/{row['source_no']}",
        "kind": row["kind"],
        "source": row["source"],
        "source_no": row["source_no"],
        "on": occurred_on or row["received_on"],
        "occurred_on": occurred_on,
        "received_on": row["received_on"],
        "region_code": row.get("region_code") or UNKNOWN_REGION,
        "category_code": row.get("category_code") or UNSPECIFIED_CATEGORY,
        "enterprise_id": row.get("enterprise_id"),
        "product_id": row.get("product_id"),
        "lot_no": row.get("lot_no"),
        "hazard": row.get("hazard"),
        "severity": row.get("severity"),
        "injured": row.get("injured") or 0,
        "description": row.get("description"),
        "file_sha256": row.get("file_sha256"),
        "row_number": row.get("row_number"),
        "recorded_at": moment,
    }
