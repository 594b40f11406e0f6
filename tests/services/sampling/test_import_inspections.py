"""Past inspections from files: good rows, bad rows, the same file twice, and the real one."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM
from core.outbox import Message
from registry.imports import KINDS as REGISTRY_KINDS
from sampling.imports import INSPECTIONS
from sampling.models.plans import PastInspection
from sampling.service import freezing, planning
from tests import factories

ROOT = Path(__file__).parents[3]
HEADER = "检查编号,统一社会信用代码,检查日期,检查结果,严重不合格项,检查人员\n"


def run(session: Session, text: str, **options: bool) -> imports.Outcome:
    return imports.run(session, SYSTEM, INSPECTIONS, text.encode(), "past.csv", **options)


def announced(session: Session) -> list[list[dict[str, object]]]:
    messages = session.execute(
        select(Message).where(Message.topic == "sampling.results-recorded").order_by(Message.id)
    ).scalars()
    return [message.payload["results"] for message in messages]


def test_rows_are_kept_and_announced_like_our_own_results(session: Session) -> None:
    region = factories.region(session)
    category = factories.category(session)
    person = factories.person(session)
    factories.enterprise(session, code="T9", region_id=region.id, category_id=category.id)

    outcome = run(
        session,
        HEADER + f"1,T9,2026/3/2,fail,2,{person.number}\n2,T9,2026年3月2日,conditions,0,\n",
    )

    assert outcome.counts == {"added": 2, "known": 0, "messages": 1}
    ((first, second),) = announced(session)
    assert first == {
        "id": "past/1",
        "source_id": "past/1",
        "enterprise_id": first["enterprise_id"],
        "enterprise_code": "licence:T9",
        "region_code": region.code,
        "category_code": category.code,
        "on": "2026-03-02",
        "inspected": 1,
        "failing": 1,
        "severity": "critical",
    }
    assert (second["failing"], second["severity"]) == (0, None)
    rows = session.execute(select(PastInspection).order_by(PastInspection.id)).scalars().all()
    assert [row.person_id for row in rows] == [person.id, None]
    assert rows[0].inspected_on == rows[1].inspected_on == date(2026, 3, 2)


def test_bad_rows_are_named_and_nothing_is_stored(session: Session) -> None:
    factories.enterprise(session, code="T9")

    outcome = run(
        session,
        HEADER
        + "1,T9,2026-03-02,fail,2,\n"
        + "2,T8,2026-03-02,pass,0,\n"
        + "3,T9,31.31.2026,pass,0,\n"
        + "4,T9,2026-03-02,maybe,0,\n"
        + "1,T9,2026-03-03,pass,-1,\n",
    )

    assert outcome.stored is False
    assert {(problem.row, problem.field) for problem in outcome.problems} == {
        (4, "inspected_on"),
        (5, "outcome"),
        (6, "critical"),
    }
    assert session.execute(select(PastInspection)).first() is None
    assert announced(session) == []


def test_an_enterprise_that_is_not_on_the_register_is_told(session: Session) -> None:
    outcome = run(session, HEADER + "2,T8,2026-03-02,pass,0,\n")

    (problem,) = outcome.problems
    assert (problem.row, problem.field) == (2, "code")
    assert "import the roster first" in problem.message


def test_an_inspection_that_is_known_is_counted_not_repeated(session: Session) -> None:
    factories.enterprise(session, code="T9")
    run(session, HEADER + "1,T9,2026-03-02,fail,2,\n")

    outcome = run(session, HEADER + "1,T9,2026-03-02,fail,2,\n2,T9,2026-03-05,pass,0,\n")

    assert (outcome.counts["added"], outcome.counts["known"]) == (1, 1)
    assert [len(chunk) for chunk in announced(session)] == [1, 1]


def test_a_dry_run_stores_and_announces_nothing(session: Session) -> None:
    factories.enterprise(session, code="T9")

    outcome = run(session, HEADER + "1,T9,2026-03-02,fail,2,\n", dry_run=True)

    assert outcome.counts["added"] == 1
    assert session.execute(select(PastInspection)).first() is None
    assert announced(session) == []


@pytest.mark.shared
def test_the_real_inspections_and_a_draw_from_the_real_roster(
    session: Session, shared_dir: Path
) -> None:
    def load(kind: imports.ImportKind, domain: str, mapping: str, file: str) -> imports.Outcome:
        path = ROOT / domain / "mappings" / f"{mapping}.json"
        return imports.run(
            session,
            SYSTEM,
            kind,
            (shared_dir / "data" / file).read_bytes(),
            file,
            mapping=json.loads(path.read_text(encoding="utf-8")),
        )

    load(REGISTRY_KINDS["roster"], "registry", "chicago-roster", "establishments.csv")
    begun = time.perf_counter()
    outcome = load(INSPECTIONS, "sampling", "chicago-inspections", "inspections_2011_2013.csv")
    imported_s = time.perf_counter() - begun

    assert outcome.problems == []
    assert outcome.counts["added"] == 17_823
    chunks = announced(session)
    assert sum(len(chunk) for chunk in chunks) == 17_823
    assert max(len(chunk) for chunk in chunks) == 500
    results = Counter(
        dict(
            session.execute(
                select(PastInspection.outcome, func.count()).group_by(PastInspection.outcome)
            ).all()
        )
    )
    assert results["fail"] == sum(fact["failing"] for chunk in chunks for fact in chunk)

    for _ in range(35):
        factories.person(session)
    plan = planning.create_plan(
        session,
        SYSTEM,
        title="all",
        strata_by="risk_tier",
        strata=[{"key": key, "quota": 100} for key in ("high", "medium", "low")],
        visit_on=date(2099, 1, 1),
        sources=[{"kind": "dice", "count": 50}, {"kind": "demo"}],
    )
    begun = time.perf_counter()
    freezing.freeze(session, SYSTEM, plan.no, secret=bytes(32), software="0.1.0")
    frozen_s = time.perf_counter() - begun

    assert imported_s < 30  # measured 4 s; the bound only catches another order of growth
    assert frozen_s < 30
    print(f"import {imported_s:.1f} s, freeze of 12 367 units {frozen_s:.1f} s")
