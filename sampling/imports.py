"""Import of inspections from before: history for plans and for whoever judges risk."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.actors import Actor
from core.cells import day, one_of, whole_number, words
from core.imports import Field, ImportedRow, ImportKind, Report
from registry.queries import RosterUnit, inspectors, roster
from sampling.models.plans import Outcome, PastInspection
from sampling.record_imports import KINDS as RECORDS
from sampling.service.framing import unit_code
from sampling.service.results import announce, neutral_fact, severity_of

BATCH = 2000


def store_inspections(
    session: Session, actor: Actor, rows: list[ImportedRow], report: Report
) -> None:
    """Keep inspections that are not yet known, and announce them like our own results."""
    known = _by_code(roster(session))
    people = {person.number: person.person_id for person in inspectors(session)}
    good: list[tuple[dict[str, Any], RosterUnit]] = []
    for row in rows:
        code = row.values["code"]
        unit = known.get((row.values.get("code_scheme"), code))
        if unit is None:
            report.problem(
                row,
                "code",
                f"no enterprise on the register has the code {code}; import the roster first or "
                "correct the code.",
            )
            continue
        good.append((_values(row, unit, people), unit))
    facts: list[dict[str, Any]] = []
    for start in range(0, len(good), BATCH):
        report.progress("store", start, len(good))
        facts.extend(_insert(session, good[start : start + BATCH], report))
    messages = announce(session, facts)
    report.counts["messages"] += messages
    report.progress("store", len(good), len(good))


def _by_code(units: list[RosterUnit]) -> dict[tuple[str | None, str], RosterUnit]:
    found: dict[tuple[str | None, str], RosterUnit] = {}
    for unit in units:
        found[(unit.code_scheme, unit.code)] = unit
        found.setdefault((None, unit.code), unit)  # a file that does not name the register
    return found


def _values(row: ImportedRow, unit: RosterUnit, people: dict[str, int]) -> dict[str, Any]:
    values = row.values
    inspector = values.get("inspector")  # often empty, and not an error
    return {
        "source_no": values["source_no"],
        "enterprise_id": unit.enterprise_id,
        "inspected_on": values["inspected_on"],
        "kind": values.get("kind"),
        "outcome": values["outcome"],
        "critical": values.get("critical") or 0,
        "serious": values.get("serious") or 0,
        "minor": values.get("minor") or 0,
        "inspector": inspector,
        "person_id": people.get(inspector) if inspector else None,
    }


def _insert(
    session: Session, part: list[tuple[dict[str, Any], RosterUnit]], report: Report
) -> list[dict[str, Any]]:
    added = set(
        session.execute(
            insert(PastInspection)
            .on_conflict_do_nothing(index_elements=["source_no"])
            .returning(PastInspection.source_no),
            [values for values, _ in part],
        ).scalars()
    )
    report.counts["added"] += len(added)
    report.counts["known"] += len(part) - len(added)
    facts = []
    for values, unit in part:
        if values["source_no"] not in added or values["outcome"] == Outcome.NOT_DONE:
            continue
        facts.append(
            neutral_fact(
                source_id=f"past/{values['source_no']}",
                enterprise_id=unit.enterprise_id,
                enterprise_code=unit_code(unit),
                region_code=unit.region_code,
                category_code=unit.category_code,
                on=values["inspected_on"],
                inspected=1,
                failing=int(values["outcome"] == Outcome.FAIL),
                severity=severity_of(values["critical"], values["serious"], values["minor"]),
            )
        )
    return facts


INSPECTIONS = ImportKind(
    name="inspections",
    title="历史检查记录",
    fields=(
        Field("source_no", "检查编号", words, required=True, aliases=("编号", "inspection no")),
        Field(
            "code",
            "统一社会信用代码",
            lambda cell: cell.strip().upper(),
            required=True,
            aliases=("信用代码", "uscc", "credit code", "注册号"),
        ),
        Field("code_scheme", "代码类型", words),
        Field("inspected_on", "检查日期", day, required=True, aliases=("日期", "date")),
        Field("kind", "检查类型", words, aliases=("类型", "type")),
        Field("outcome", "检查结果", one_of(*Outcome), required=True, aliases=("结果", "result")),
        Field("critical", "严重不合格项", whole_number, aliases=("critical",)),
        Field("serious", "较重不合格项", whole_number, aliases=("serious",)),
        Field("minor", "一般不合格项", whole_number, aliases=("minor",)),
        Field("inspector", "检查人员工号", words, aliases=("检查人员", "inspector")),
    ),
    store=store_inspections,
    key=("source_no",),
)

KINDS = {INSPECTIONS.name: INSPECTIONS, **RECORDS}
