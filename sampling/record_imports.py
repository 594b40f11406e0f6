"""Files that samplers send back: drafts of sampling records, and results of a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from core.cells import day, one_of, whole_number, words
from core.errors import Conflict, Forbidden, Refusal
from core.imports import Field, ImportedRow, ImportKind, Report
from registry.models import Account
from sampling.errors import PlanInvalid
from sampling.maths.record_cells import cleaned
from sampling.maths.record_fields import (
    CHANNEL_WORDS,
    FIELDS,
    PURPOSE_WORDS,
    RecordField,
)
from sampling.models.plans import InspectionResult, Outcome, Plan
from sampling.models.records import RecordState, SamplingRecord
from sampling.queries.record_parts import version_of
from sampling.queries.records import record_row
from sampling.queries.units import drawn_statement, replacements_of
from sampling.service import records
from sampling.service.results import record_results

WRITERS = (Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
# What makes two records of one drawn unit different: the goods.
GOODS = ("product_name", "model", "lot_no", "made_on")


def _read(field: RecordField) -> Callable[[str], str]:
    def parse(cell: str) -> str:
        kept, problems = cleaned({field.name: cell})
        if problems:
            raise ValueError(problems[0].message.format(**problems[0].facts))
        return kept[field.name]

    return parse


def _named(table: dict[str, tuple[str, str]]) -> Callable[[str], str]:
    codes = {word: code for code, pair in table.items() for word in (code, *pair)}
    known = one_of(*codes)

    def parse(cell: str) -> str:
        return codes[known(cell)]

    return parse


def store_records(session: Session, actor: Actor, rows: list[ImportedRow], report: Report) -> None:
    """Begin drafts, or go on with those that a row names by number and version."""
    _refuse_readers(session, actor)
    for place, row in enumerate(rows):
        report.progress("store", place, len(rows))
        try:
            with session.begin_nested():
                report.counts[_store_record(session, actor, row)] += 1
        except Refusal as refusal:
            _tell(report, row, refusal)
    report.progress("store", len(rows), len(rows))


class WritersOnly(Forbidden):
    """An account that only reads records sent a file of them."""

    code = "sampling/writers-only"
    message = "Records and results are written by inspectors and their leads, not by a {role}."


def _refuse_readers(session: Session, actor: Actor) -> None:
    role: str | None = actor.role
    if actor.role is Role.SYSTEM:
        # The job that stores a file acts for the account that sent it, or for the operator.
        account = session.get(Account, actor.account_id) if actor.account_id else None
        role = account.role if account is not None else None
    if role is not None and role not in WRITERS:
        raise WritersOnly(role=role)


class _Elsewhere(Conflict):
    """A record for these goods is there already, or was changed since the file was written."""

    code = "sampling/record-elsewhere"
    message = (
        "Record {record_no} is there already, at version {version}; to change it, write its "
        "number and this version into the row, or remove the row."
    )


def _store_record(session: Session, actor: Actor, row: ImportedRow) -> str:
    given = {name: value for name, value in row.values.items() if value is not None}
    values = {field.name: given[field.name] for field in FIELDS if field.name in given}
    samples = [
        {"kind": kind, "quantity": given.get(f"{kind}_quantity"), "seal_no": given[f"{kind}_seal"]}
        for kind in ("test", "retained")
        if f"{kind}_seal" in given
    ]
    no, known = given.get("record_no"), "updated"
    if no:
        record = record_row(session, no, lock=True)
        version = version_of(record)
        if given.get("version") != version:
            raise _Elsewhere(record_no=no, version=version)
    else:
        _refuse_known(session, given)
        record = records.start(
            session,
            actor,
            channel=given.get("channel", "shop"),
            purpose=given.get("purpose", "supervision"),
            plan_no=given.get("plan_no"),
            code=given.get("code"),
            standalone_reason=given.get("standalone_reason"),
            enterprise_code=given.get("unit_uscc") if not given.get("plan_no") else None,
            samplers=str(given.get("samplers", "")).replace("、", " ").replace(",", " ").split(),
        )
        known = "added"
    records.save(session, actor, record.no, values=values, samples=samples or None)
    return known


def _refuse_known(session: Session, given: dict[str, Any]) -> None:
    if not given.get("plan_no"):
        return
    found = session.execute(
        select(SamplingRecord)
        .join(Plan, Plan.id == SamplingRecord.plan_id)
        .where(
            Plan.no == given["plan_no"],
            SamplingRecord.unit_code == given.get("code"),
            SamplingRecord.state != RecordState.DISCARDED,
        )
    ).scalars()
    for record in found:
        if all(record.content.get(name) == given.get(name) for name in GOODS):
            raise _Elsewhere(record_no=record.no, version=version_of(record))


def _tell(report: Report, row: ImportedRow, refusal: Refusal) -> None:
    if not refusal.fields:
        report.problem(row, "record_no" if row.values.get("record_no") else "code", str(refusal))
    for each in refusal.fields:
        name = each.field.partition(".")[0]
        report.problem(row, "test_seal" if name == "samples" else name, str(each))


RECORDS = ImportKind(
    name="sampling_records",
    title="抽样单",
    fields=(
        Field("record_no", "抽样单编号", words, aliases=("record no",)),
        Field("version", "版本号", whole_number),
        Field("plan_no", "计划编号", words, aliases=("plan no",)),
        Field("code", "抽签单位代码", words, aliases=("unit code",)),
        Field("purpose", "抽样类型", _named(PURPOSE_WORDS)),
        Field("channel", "抽样领域", _named(CHANNEL_WORDS)),
        Field("standalone_reason", "非抽签抽样事由", words),
        Field("samplers", "抽样人员工号", words),
        *(Field(each.name, each.zh, _read(each), aliases=(each.en,)) for each in FIELDS),
        Field("test_seal", "检样封样编号", words),
        Field("retained_seal", "备样封样编号", words),
    ),
    store=store_records,
)


def store_results(session: Session, actor: Actor, rows: list[ImportedRow], report: Report) -> None:
    """Record results for the drawn units of plans, as the plan's own page does."""
    _refuse_readers(session, actor)
    by_plan: dict[str, list[ImportedRow]] = defaultdict(list)
    for row in rows:
        by_plan[row.values["plan_no"]].append(row)
    done = 0
    for plan_no, part in sorted(by_plan.items()):
        report.progress("store", done, len(rows))
        done += len(part)
        good = _to_visit(session, plan_no, part, report)
        if good:
            _record(session, actor, plan_no, good, report)
    report.progress("store", len(rows), len(rows))


def _to_visit(
    session: Session, plan_no: str, part: list[ImportedRow], report: Report
) -> list[ImportedRow]:
    statement = drawn_statement(plan_no)
    entity = statement.column_descriptions[0]["entity"]
    units = dict(session.execute(statement.with_only_columns(entity.code, entity.plan_id)).all())
    plan_id = next(iter(units.values()), None)
    gone: set[str] = set()
    known: dict[str, str] = {}
    if plan_id is not None:
        gone = {step.replaces for step in replacements_of(session, plan_id)}
        known = {
            code: at.date().isoformat()
            for code, at in session.execute(
                select(InspectionResult.code, InspectionResult.recorded_at).where(
                    InspectionResult.plan_id == plan_id
                )
            )
        }
    good = []
    for row in part:
        code = row.values["code"]
        if code in known:
            on = known[code]
            report.problem(row, "code", f"{code} has its result already, recorded on {on}.")
        elif code not in units or code in gone:
            report.problem(
                row, "code", f"{code} is not among the enterprises to visit of plan {plan_no}."
            )
        else:
            good.append(row)
    return good


def _record(
    session: Session, actor: Actor, plan_no: str, rows: list[ImportedRow], report: Report
) -> None:
    facts = [
        {name: fact for name, fact in row.values.items() if name in _RESULT and fact is not None}
        for row in rows
    ]
    try:
        with session.begin_nested():
            report.counts["added"] += len(record_results(session, actor, plan_no, facts))
    except PlanInvalid as refusal:
        bad = set()
        for each in refusal.fields:
            _results, place, name = each.field.split(".")
            bad.add(int(place))
            report.problem(rows[int(place)], name, str(each))
        good = [row for place, row in enumerate(rows) if place not in bad]
        if good:  # each row stands for itself: without the bad ones the others are good
            _record(session, actor, plan_no, good, report)
    except Refusal as refusal:
        for row in rows:
            report.problem(row, "plan_no", str(refusal))


_RESULT = frozenset(
    {
        "code",
        "inspected_on",
        "outcome",
        "inspected",
        "failing",
        "critical",
        "serious",
        "minor",
        "note",
    }
)
OUTCOMES = {
    Outcome.PASS.value: ("合格", "passed"),
    Outcome.CONDITIONS.value: ("责令改正", "passed with conditions"),
    Outcome.FAIL.value: ("不合格", "failed"),
    Outcome.NOT_DONE.value: ("未检查", "not done"),
}

RESULTS = ImportKind(
    name="plan_results",
    title="抽查结果",
    fields=(
        Field("plan_no", "计划编号", words, required=True, aliases=("plan no",)),
        Field("code", "抽签单位代码", words, required=True, aliases=("unit code",)),
        Field("inspected_on", "检查日期", day, required=True, aliases=("日期", "date")),
        Field("outcome", "检查结果", _named(OUTCOMES), required=True, aliases=("结果", "result")),
        Field("inspected", "检查项数", whole_number),
        Field("failing", "不合格项数", whole_number),
        Field("critical", "严重不合格项", whole_number),
        Field("serious", "较重不合格项", whole_number),
        Field("minor", "一般不合格项", whole_number),
        Field("note", "备注", words, aliases=("note",)),
    ),
    store=store_results,
    key=("plan_no", "code"),
)

KINDS = {kind.name: kind for kind in (RECORDS, RESULTS)}
