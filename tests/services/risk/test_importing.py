"""Complaints from files."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM
from core.outbox import Message
from risk.imports import COMPLAINTS
from risk.models import Incident, Observation
from risk.queries.signals import open_signals, signal_detail
from risk.service.detecting import detect
from risk.service.observing import observe
from tests import factories

MAPPING = json.loads(
    (Path(__file__).parents[3] / "risk" / "mappings" / "chicago-complaints.json").read_text(
        encoding="utf-8"
    )
)

HEADER = "编号,受理日期,发生日期,种类,来源,行政区划代码,产品类别代码,统一社会信用代码,受伤人数\n"


def _run(session: Session, text: str, **options: object) -> imports.Outcome:
    return imports.run(
        session,
        SYSTEM,
        COMPLAINTS,
        (HEADER + text).encode(),
        "complaints.csv",
        **options,  # type: ignore[arg-type]
    )


def test_rows_become_incidents_with_their_source_row(session: Session) -> None:
    firm = factories.enterprise(session)

    outcome = _run(
        session,
        f"A1,2026-11-02,2026-11-01,injury,hospital,990100,C1,{firm.code},2\nA2,2026-11-02,,,,,,,\n",
    )

    assert outcome.stored
    first, second = session.scalars(select(Incident).order_by(Incident.id))
    assert (first.number, first.kind, first.injured) == ("hospital/A1", "injury", 2)
    assert first.enterprise_id == firm.id
    assert first.on.isoformat() == "2026-11-01"
    assert (first.row_number, second.row_number) == (2, 3)
    assert first.file_sha256
    assert (second.kind, second.source) == ("complaint", "import")
    assert (second.region_code, second.category_code) == ("unknown", "unspecified")


def test_the_same_number_told_again_is_one_complaint(session: Session) -> None:
    outcome = _run(
        session,
        "A1,2026-11-02,,complaint,12315,990100,,,\n"
        "A1,2026-11-02,,complaint,12315,990100,,,\n"
        "A1,2026-11-02,,complaint,12315,990100,C7,,\n",
    )

    (incident,) = session.scalars(select(Incident))
    assert incident.category_code == "C7"  # the later row fills the gap
    assert outcome.counts["repeated"] == 2


def test_the_same_number_with_another_day_is_a_problem(session: Session) -> None:
    outcome = _run(
        session,
        "A1,2026-11-02,,complaint,12315,990100,C1,,\nA1,2026-11-09,,complaint,12315,990100,C1,,\n",
    )

    assert not outcome.stored
    (problem,) = outcome.problems
    assert (problem.row, problem.field) == (3, "received_on")
    assert "Row 2" in problem.message
    assert session.scalar(select(func.count()).select_from(Incident)) == 0


def test_days_that_cannot_be_are_problems(session: Session) -> None:
    outcome = _run(
        session,
        "A1,2099-01-01,,complaint,12315,990100,C1,,\n"
        "A2,2026-11-02,2026-11-03,complaint,12315,990100,C1,,\n",
    )

    assert {(each.row, each.field) for each in outcome.problems} == {
        (2, "received_on"),
        (3, "occurred_on"),
    }
    assert not outcome.stored


def test_cells_that_cannot_be_read_are_problems(session: Session) -> None:
    outcome = _run(
        session,
        "A3,2026-02-30,,complaint,12315,990100,C1,,\n"
        "A4,2026-11-02,,gossip,12315,990100,C1,,\n"
        ",2026-11-02,,complaint,12315,990100,C1,,-1\n",
    )

    assert {(each.row, each.field) for each in outcome.problems} == {
        (2, "received_on"),
        (3, "kind"),
        (4, "source_no"),
        (4, "injured"),
    }


def test_a_second_file_adds_only_what_is_new(session: Session) -> None:
    _run(session, "A1,2026-11-02,,complaint,12315,990100,C1,,\n")

    outcome = _run(
        session,
        "A1,2026-11-02,,complaint,12315,990100,C1,,\nA2,2026-11-02,,complaint,12315,990100,C1,,\n",
    )

    assert outcome.counts == {"added": 1, "already known": 1}


def test_an_unknown_enterprise_does_not_lose_the_complaint(session: Session) -> None:
    outcome = _run(session, "A1,2026-11-02,,complaint,12315,990100,C1,NOSUCHCODE,\n")

    assert outcome.counts == {"added": 1, "already known": 0, "unknown enterprise": 1}


@pytest.mark.shared
def test_real_complaints_run_from_file_to_warnings(session: Session, shared_dir: Path) -> None:
    content = (shared_dir / "data" / "complaints_2011_2013.csv").read_bytes()

    started = time.perf_counter()
    outcome = imports.run(
        session, SYSTEM, COMPLAINTS, content, "complaints_2011_2013.csv", mapping=MAPPING
    )
    imported = time.perf_counter()
    runs = [detect(session, SYSTEM, f"2013-W{week:02d}") for week in range(40, 53)]
    finished = time.perf_counter()

    assert outcome.problems == []
    assert outcome.counts == {"added": 54983, "already known": 0, "repeated": 176}
    assert imported - started < 30
    for run in runs:
        assert run.series_total == run.evaluated + sum(run.not_judged.values())
        assert run.evaluated > 20
    print(
        f"\nimport {imported - started:.1f} s; {len(runs)} weeks {finished - imported:.1f} s; "
        + ", ".join(f"{run.evaluated}/{run.series_total}:{run.signals_raised}" for run in runs)
    )
    signals = open_signals(session, limit=200)
    assert signals
    detail = signal_detail(session, signals[0].number)
    assert detail.evidence.total == signals[0].observed
    assert detail.evidence.rows[0].file_name == "complaints_2011_2013.csv"


@pytest.mark.shared
def test_real_inspections_reach_the_series_through_their_announcements(
    session: Session, shared_dir: Path
) -> None:
    from registry.imports import ROSTER
    from sampling.imports import KINDS as SAMPLING

    root = Path(__file__).parents[3]
    for kind, file, mapping in (
        (ROSTER, "establishments.csv", "registry/mappings/chicago-roster.json"),
        (
            SAMPLING["inspections"],
            "inspections_2011_2013.csv",
            "sampling/mappings/chicago-inspections.json",
        ),
    ):
        outcome = imports.run(
            session,
            SYSTEM,
            kind,
            (shared_dir / "data" / file).read_bytes(),
            file,
            mapping=json.loads((root / mapping).read_text(encoding="utf-8")),
            good_rows_only=True,
        )
        assert outcome.stored, outcome.grouped[:5]
    messages = session.scalars(
        select(Message).where(Message.topic == "sampling.results-recorded").order_by(Message.id)
    ).all()

    started = time.perf_counter()
    for message in messages:
        observe(session, SYSTEM, results=message.payload["results"])
    observed = time.perf_counter()
    run = detect(session, SYSTEM, "2013-W51")
    finished = time.perf_counter()

    kept = session.scalar(select(func.count()).select_from(Observation))
    print(
        f"\n{kept} observations {observed - started:.1f} s; detection {finished - observed:.1f} s: "
        f"{run.series_total} series, {run.evaluated} judged, {run.not_judged}"
    )
    assert kept is not None
    assert kept > 15000
    assert run.series_total == run.evaluated + sum(run.not_judged.values())
