"""Imports of complaints and other incidents."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.actors import Actor
from core.cells import day, one_of, whole_number, words
from core.clock import today
from core.imports import Field, ImportedRow, ImportKind, Report
from registry.queries import enterprise_ids
from risk.service.observing import UNKNOWN_REGION, UNSPECIFIED_CATEGORY, store_incidents

_KINDS = ("accident", "injury", "complaint", "lead")

# What a later row about the same complaint may add, but not change.
_FILLED_IN = ("region_code", "category_code", "occurred_on", "enterprise_code", "hazard")
_SAME = ("kind", "received_on")


def severity(cell: str) -> int:
    """1 slight, 2 lasting days, 3 serious, 4 fatal."""
    if cell.strip() not in ("1", "2", "3", "4"):
        raise ValueError(f"{cell!r} is not a severity; write 1 (slight) to 4 (fatal).")
    return int(cell)


def _facts(row: ImportedRow) -> dict[str, Any]:
    """A row with the defaults of what it leaves out."""
    facts = {name: value for name, value in row.values.items() if value is not None}
    facts.setdefault("kind", "complaint")
    facts.setdefault("source", "import")
    return facts


def _placeholder(name: str, value: Any) -> bool:
    return value is None or (name, value) in (
        ("region_code", UNKNOWN_REGION),
        ("category_code", UNSPECIFIED_CATEGORY),
    )


def _merge(kept: dict[str, Any], again: dict[str, Any]) -> str | None:
    """Let a repeated row fill gaps of the first; the name of a field that contradicts, or None."""
    for name in _SAME:
        if kept.get(name) != again.get(name):
            return name
    for name in _FILLED_IN:
        first, second = kept.get(name), again.get(name)
        if not _placeholder(name, first) and not _placeholder(name, second) and first != second:
            return name
    for name in _FILLED_IN:
        if _placeholder(name, kept.get(name)) and again.get(name) is not None:
            kept[name] = again[name]
    return None


def _distinct(rows: list[ImportedRow], report: Report) -> list[dict[str, Any]]:
    """One set of facts per complaint: registers export the same complaint more than once."""
    found: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
    for row in rows:
        facts = _facts(row)
        facts["row_number"] = row.number
        key = (facts["source"], facts["source_no"])
        if key not in found:
            found[key] = (row.number, facts)
            continue
        first, kept = found[key]
        contradiction = _merge(kept, facts)
        if contradiction is None:
            report.counts["repeated"] += 1
        else:
            report.problem(
                row,
                contradiction,
                f"Row {first} tells the same number with another value; keep one of them.",
            )
    return [facts for _, facts in found.values()]


def store_complaints(
    session: Session, actor: Actor, rows: list[ImportedRow], report: Report
) -> None:
    """Add complaints and other incidents; one that is already known is left alone."""
    by_row = {row.number: row for row in rows}
    good = []
    for facts in _distinct(rows, report):
        row = by_row[facts["row_number"]]
        happened, received = facts.get("occurred_on"), facts["received_on"]
        if received > today():
            report.problem(row, "received_on", "It lies in the future; write the day of receipt.")
        elif happened is not None and happened > received:
            report.problem(row, "occurred_on", "It lies after the day of receipt.")
        else:
            good.append(facts)
    codes = sorted({facts["enterprise_code"] for facts in good if "enterprise_code" in facts})
    known = enterprise_ids(session, codes) if codes else {}
    for facts in good:
        code = facts.pop("enterprise_code", None)
        if code is not None and code not in known:
            report.counts["unknown enterprise"] += 1  # kept: the complaint counts all the same
        facts["enterprise_id"] = known.get(code) if code is not None else None
        facts["file_sha256"] = report.file_sha256
    added = store_incidents(session, good, progress=report.progress)
    report.counts["added"] += added
    report.counts["already known"] += len(good) - added


COMPLAINTS = ImportKind(
    name="complaints",
    title="投诉举报与事故",
    fields=(
        Field("source_no", "编号", words, required=True, aliases=("工单编号", "投诉编号")),
        Field("received_on", "受理日期", day, required=True, aliases=("登记日期", "投诉日期")),
        Field("occurred_on", "发生日期", day, aliases=("事发日期",)),
        Field("kind", "种类", one_of(*_KINDS), aliases=("类型", "kind")),
        Field("source", "来源", words, aliases=("渠道", "source")),
        Field("region_code", "行政区划代码", words, aliases=("区划代码",)),
        Field("category_code", "产品类别代码", words, aliases=("类别代码",)),
        Field("enterprise_code", "统一社会信用代码", words, aliases=("信用代码",)),
        Field("lot_no", "批号", words, aliases=("生产批号", "lot")),
        Field("hazard", "危害", words, aliases=("hazard",)),
        Field("severity", "严重程度", severity, aliases=("severity",)),
        Field("injured", "受伤人数", whole_number, aliases=("injured",)),
        Field("description", "内容", words, aliases=("投诉内容", "description")),
    ),
    store=store_complaints,
)

KINDS = {kind.name: kind for kind in (COMPLAINTS,)}
