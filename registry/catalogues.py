"""Imports of what belongs to enterprises and inspectors: products, places, grades, ties.

Laboratories come along. These are lists an office already keeps. The roster comes first: a row that
names an enterprise or an inspector who is not on the register is told so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.actors import Actor
from core.cells import day, one_of, words
from core.clock import now, today
from core.db import Base
from core.imports import Field, ImportedRow, ImportKind, Report
from registry.maths.codes import check_gtin
from registry.models import (
    Category,
    Enterprise,
    Establishment,
    GradeChange,
    Laboratory,
    Person,
    Product,
    Recusal,
    Region,
)
from registry.queries import enterprise_ids

BATCH = 1000
TIES = ("kinship", "former_employment", "shareholding", "recent_visit", "other")
_TIE_WORDS = {
    "近亲属": "kinship",
    "曾任职": "former_employment",
    "持股": "shareholding",
    "近期检查": "recent_visit",
    "其他": "other",
}
_PLACE_WORDS = {"场所": "site", "门店": "shop", "网店": "online"}


def gtin(cell: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits with its check digit."""
    check = check_gtin(cell)
    if not check.valid:
        raise ValueError("; ".join(problem.message for problem in check.problems))
    return check.normalised


def tie(cell: str) -> str:
    """Why an inspector stays away."""
    return one_of(*TIES)(_TIE_WORDS.get(cell, cell))


def place(cell: str) -> str:
    """A kind of place."""
    return one_of("site", "shop", "online")(_PLACE_WORDS.get(cell, cell))


def _with_firm(
    session: Session, rows: Sequence[ImportedRow], report: Report
) -> list[tuple[ImportedRow, int]]:
    """Rows with the number of the enterprise they name; a problem for each of the others."""
    known = enterprise_ids(session, [row.values["code"] for row in rows])
    found = []
    for row in rows:
        if row.values["code"] in known:
            found.append((row, known[row.values["code"]]))
        else:
            report.problem(
                row,
                "code",
                f"no enterprise on the register has the code {row.values['code']}; import the "
                "roster first or correct the code.",
            )
    return found


def _ids(
    session: Session,
    model: type[Region] | type[Category],
    rows: Sequence[ImportedRow],
    name: str,
    report: Report,
) -> dict[str, int]:
    """Code → id; a problem for each row that names a code nobody knows."""
    known = dict(session.execute(select(model.code, model.id)).all())
    for row in rows:
        code = row.values.get(name)
        if code and code not in known:
            report.problem(row, name, f"no {model.__tablename__} has the code {code}.")
    return known


def _upsert(
    session: Session,
    model: type[Base],
    values: Sequence[Mapping[str, Any]],
    key: tuple[str, ...],
    report: Report,
) -> None:
    """Add rows, or bring those with the same key up to date."""
    for start in range(0, len(values), BATCH):
        report.progress("store", start, len(values))
        part = values[start : start + BATCH]
        statement = insert(model)
        changed = {name: statement.excluded[name] for name in part[0] if name not in key}
        session.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(part)
        )
    report.counts["stored"] += len(values)
    report.progress("store", len(values), len(values))


def store_products(session: Session, actor: Actor, rows: list[ImportedRow], report: Report) -> None:
    """Add products or bring them up to date; the maker's own number tells them apart."""
    categories = _ids(session, Category, rows, "category_code", report)
    values = [
        {
            "enterprise_id": firm,
            "number": row.values.get("number") or row.values.get("gtin") or row.values["name"],
            "gtin": row.values.get("gtin"),
            "name": row.values["name"],
            "brand": row.values.get("brand"),
            "model": row.values.get("model"),
            "standard": row.values.get("standard"),
            "category_id": categories.get(row.values.get("category_code") or ""),
        }
        for row, firm in _with_firm(session, rows, report)
    ]
    _upsert(session, Product, values, ("enterprise_id", "number"), report)


def store_establishments(
    session: Session, actor: Actor, rows: list[ImportedRow], report: Report
) -> None:
    """Add places and online shops or bring them up to date."""
    regions = _ids(session, Region, rows, "region_code", report)
    values = [
        {
            "enterprise_id": firm,
            "number": row.values["number"],
            "kind": row.values["kind"],
            "name": row.values["name"],
            "address": row.values.get("address"),
            "url": row.values.get("url"),
            "region_id": regions.get(row.values.get("region_code") or ""),
        }
        for row, firm in _with_firm(session, rows, report)
    ]
    _upsert(session, Establishment, values, ("enterprise_id", "number"), report)


def store_laboratories(
    session: Session, actor: Actor, rows: list[ImportedRow], report: Report
) -> None:
    """Add testing bodies or bring them up to date."""
    names = ("code", "name", "accreditation_no", "accreditation_until")
    values = [{name: row.values.get(name) for name in names} for row in rows]
    _upsert(session, Laboratory, values, ("code",), report)


def store_recusals(session: Session, actor: Actor, rows: list[ImportedRow], report: Report) -> None:
    """Add ties between inspectors and enterprises (回避), or change their days."""
    people = dict(session.execute(select(Person.number, Person.id)).all())
    values = []
    for row, firm in _with_firm(session, rows, report):
        person = people.get(row.values["number"])
        if person is None:
            report.problem(row, "number", f"no inspector has the number {row.values['number']}.")
            continue
        values.append(
            {
                "person_id": person,
                "enterprise_id": firm,
                "kind": row.values["kind"],
                "since": row.values["since"],
                "until": row.values.get("until"),
            }
        )
    _upsert(session, Recusal, values, ("person_id", "enterprise_id", "kind"), report)


def store_grades(session: Session, actor: Actor, rows: list[ImportedRow], report: Report) -> None:
    """Add credit-risk classes with their days; the latest one that holds today is shown.

    Nothing is announced one by one: a list of grades is the state of a register, not news.
    """
    told = _with_firm(session, rows, report)
    firms = sorted({firm for _, firm in told})
    history: dict[int, list[tuple[date, str, str]]] = defaultdict(list)
    for change in session.execute(
        select(GradeChange).where(GradeChange.enterprise_id == func.any(firms))
    ).scalars():
        history[change.enterprise_id].append((change.valid_from, change.grade, change.model))
    fresh = []
    for row, firm in told:
        entry = (row.values["valid_from"], row.values["grade"], row.values["model"])
        if entry in history[firm]:
            report.counts["already known"] += 1
            continue
        history[firm].append(entry)
        fresh.append(
            {
                "enterprise_id": firm,
                "grade": entry[1],
                "model": entry[2],
                "reason": row.values.get("reason") or "import",
                "valid_from": entry[0],
                "recorded_at": now(),
            }
        )
    if fresh:
        session.execute(insert(GradeChange), fresh)
    report.counts["added"] += len(fresh)
    _show_latest(session, history)
    report.progress("store", len(told), len(told))


def _show_latest(session: Session, history: Mapping[int, list[tuple[date, str, str]]]) -> None:
    """Enterprise.grade is the grade in force today."""
    latest = []
    for firm, entries in history.items():
        in_force = [entry for entry in entries if entry[0] <= today()]
        if in_force:
            latest.append({"firm": firm, "letter": max(in_force, key=lambda each: each[0])[1]})
    if latest:
        table = Enterprise.__table__
        session.connection().execute(
            update(table)  # type: ignore[arg-type]  # a Table, typed as FromClause
            .where(
                table.c.id == bindparam("firm"), table.c.grade.is_distinct_from(bindparam("letter"))
            )
            .values(grade=bindparam("letter"), version=table.c.version + 1),
            latest,
        )
        session.expire_all()


_CODE = Field(
    "code",
    "统一社会信用代码",
    lambda cell: cell.strip().upper(),
    required=True,
    aliases=("信用代码", "企业代码", "uscc"),
)

PRODUCTS = ImportKind(
    name="products",
    title="产品目录",
    fields=(
        _CODE,
        Field("name", "产品名称", words, required=True, aliases=("名称", "product")),
        Field("number", "产品编号", words, aliases=("货号",)),
        Field("gtin", "商品条码", gtin, aliases=("条码", "barcode")),
        Field("brand", "商标", words, aliases=("品牌", "brand")),
        Field("model", "规格型号", words, aliases=("型号", "model")),
        Field("standard", "执行标准", words, aliases=("standard",)),
        Field("category_code", "产品类别代码", words, aliases=("类别代码",)),
    ),
    store=store_products,
    key=("code", "number", "gtin", "name"),
)

ESTABLISHMENTS = ImportKind(
    name="establishments",
    title="经营场所与网店",
    fields=(
        _CODE,
        Field("number", "序号", words, required=True),
        Field("kind", "类型", place, required=True, aliases=("kind",)),
        Field("name", "名称", words, required=True, aliases=("网店名称", "name")),
        Field("address", "地址", words, aliases=("address",)),
        Field("url", "网址", words, aliases=("url",)),
        Field("region_code", "行政区划代码", words, aliases=("区划代码",)),
    ),
    store=store_establishments,
    key=("code", "number"),
)

GRADES = ImportKind(
    name="grades",
    title="信用风险等级",
    fields=(
        _CODE,
        Field("grade", "信用风险等级", one_of("A", "B", "C", "D"), required=True),
        Field("valid_from", "生效日期", day, required=True, aliases=("日期",)),
        Field("model", "评级模型", words, required=True, aliases=("模型", "model")),
        Field("reason", "原因", words, aliases=("reason",)),
    ),
    store=store_grades,
    key=("code", "valid_from"),
)

RECUSALS = ImportKind(
    name="recusals",
    title="回避关系",
    fields=(
        Field("number", "工号", words, required=True, aliases=("检查人员工号",)),
        _CODE,
        Field("kind", "回避事由", tie, required=True, aliases=("事由", "kind")),
        Field("since", "起始日期", day, required=True),
        Field("until", "截止日期", day),
    ),
    store=store_recusals,
    key=("number", "code", "kind"),
)

LABORATORIES = ImportKind(
    name="laboratories",
    title="检验机构",
    fields=(
        Field("code", "机构编号", words, required=True),
        Field("name", "机构名称", words, required=True),
        Field("accreditation_no", "资质认定证书编号", words),
        Field("accreditation_until", "资质有效期", day),
    ),
    store=store_laboratories,
    key=("code",),
)

KINDS = {kind.name: kind for kind in (PRODUCTS, ESTABLISHMENTS, GRADES, RECUSALS, LABORATORIES)}
