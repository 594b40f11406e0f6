"""Imports of the roster of enterprises and of the inspectors."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.actors import Actor
from core.cells import coordinate, day, one_of, words, yes_or_no
from core.clock import now, today
from core.imports import Field, ImportedRow, ImportKind, Report
from registry.maths.codes import check_uscc
from registry.models import (
    Category,
    Department,
    Enterprise,
    Establishment,
    GradeChange,
    Laboratory,
    Person,
    PersonQualification,
    Region,
)

BATCH = 1000
USCC = "uscc"


def code_list(cell: str) -> tuple[str, ...]:
    """Codes separated by 、, comma or semicolon."""
    for separator in ("、", "，", ";", "；"):
        cell = cell.replace(separator, ",")
    return tuple(part.strip() for part in cell.split(",") if part.strip())


_POOL_WORDS = {"执法人员": "officer", "抽样人员": "agency", "抽样机构": "agency"}


def pool(cell: str) -> str:
    """Whether somebody is a certified officer or staff of a sampling agency."""
    return one_of("officer", "agency")(_POOL_WORDS.get(cell, cell))


def _known_ids(
    session: Session, model: type[Region] | type[Category], rows: list[ImportedRow], stem: str
) -> dict[str, int]:
    """Code → id of the regions or categories the rows name; those not yet known are added."""
    names: dict[str, str] = {}
    for row in rows:
        code = row.values.get(f"{stem}_code") or row.values.get(f"{stem}_name")
        if code:
            names.setdefault(str(code), str(row.values.get(f"{stem}_name") or code))
    known = dict(session.execute(select(model.code, model.id)).all())
    missing = [code for code in sorted(names) if code not in known]
    for code in missing:
        facts: dict[str, Any] = {"code": code, "name": names[code]}
        if model is Region:
            facts["valid_from"] = date(1949, 10, 1)
        added = model(**facts)
        session.add(added)
        session.flush()  # few; their ids are needed below
        known[code] = added.id
    return known


def _code(row: ImportedRow, stem: str) -> str | None:
    value = row.values.get(f"{stem}_code") or row.values.get(f"{stem}_name")
    return str(value) if value else None


def _checked_codes(rows: list[ImportedRow], report: Report) -> list[tuple[ImportedRow, list[str]]]:
    """Rows whose code can be one, each with the warnings of its code."""
    good: list[tuple[ImportedRow, list[str]]] = []
    for row in rows:
        if row.values.get("code_scheme", USCC) not in (None, USCC):
            good.append((row, []))
            continue
        row.values["code_scheme"] = USCC
        check = check_uscc(str(row.values["code"]))
        if not check.valid:
            report.problem(row, "code", "; ".join(each.message for each in check.problems))
            continue
        row.values["code"] = check.normalised
        good.append((row, [each.message for each in check.warnings]))
    return good


def store_roster(session: Session, actor: Actor, rows: list[ImportedRow], report: Report) -> None:
    """Add new enterprises, bring known ones up to date; their main site is an establishment."""
    checked = _checked_codes(rows, report)
    regions = _known_ids(session, Region, rows, "region")
    categories = _known_ids(session, Category, rows, "category")
    for start in range(0, len(checked), BATCH):
        report.progress("store", start, len(checked))
        part = checked[start : start + BATCH]
        _upsert_enterprises(session, part, regions, categories, report)
    report.progress("store", len(checked), len(checked))


def _upsert_enterprises(
    session: Session,
    part: list[tuple[ImportedRow, list[str]]],
    regions: dict[str, int],
    categories: dict[str, int],
    report: Report,
) -> None:
    moment = now()
    keys = [(row.values["code_scheme"], row.values["code"]) for row, _ in part]
    before = {
        (each.code_scheme, each.code): each
        for each in session.execute(
            select(Enterprise).where(tuple_(Enterprise.code_scheme, Enterprise.code).in_(keys))
        ).scalars()
    }
    values = [
        {
            "code_scheme": row.values["code_scheme"],
            "code": row.values["code"],
            "name": row.values["name"],
            "region_id": regions.get(_code(row, "region") or ""),
            "category_id": categories.get(_code(row, "category") or ""),
            "address": row.values.get("address"),
            "status": row.values.get("status") or "active",
            "risk_tier": row.values.get("risk_tier"),
            "grade": row.values.get("grade"),
            "code_warnings": warnings,
            "created_at": moment,
            "updated_at": moment,
        }
        for row, warnings in part
    ]
    upsert = insert(Enterprise)
    changed: dict[str, Any] = {
        name: upsert.excluded[name]
        for name in ("name", "region_id", "category_id", "address", "status", "code_warnings")
    }
    changed["updated_at"] = upsert.excluded.updated_at
    # A column that the file does not have must not empty what is known.
    for name in ("risk_tier", "grade"):
        if any(row.values.get(name) for row, _ in part):
            changed[name] = upsert.excluded[name]
    changed["version"] = Enterprise.version + 1
    ids = dict(
        session.execute(
            upsert.on_conflict_do_update(
                index_elements=["code_scheme", "code"], set_=changed
            ).returning(Enterprise.code, Enterprise.id),
            values,
        ).all()
    )
    report.counts["added"] += len(values) - len(before)
    report.counts["updated"] += len(before)
    _record_grades(session, part, ids, before)
    _upsert_sites(session, part, ids, regions)
    session.expire_all()


def _record_grades(
    session: Session,
    part: list[tuple[ImportedRow, list[str]]],
    ids: dict[str, int],
    before: dict[tuple[str, str], Enterprise],
) -> None:
    changes = []
    for row, _ in part:
        grade = row.values.get("grade")
        known = before.get((row.values["code_scheme"], row.values["code"]))
        if grade and (known is None or known.grade != grade):
            changes.append(
                {
                    "enterprise_id": ids[row.values["code"]],
                    "grade": grade,
                    "model": row.values.get("grade_model") or "import",
                    "reason": "roster",
                    "valid_from": today(),
                    "recorded_at": now(),
                }
            )
    if changes:
        session.execute(insert(GradeChange), changes)


def _upsert_sites(
    session: Session,
    part: list[tuple[ImportedRow, list[str]]],
    ids: dict[str, int],
    regions: dict[str, int],
) -> None:
    sites = [
        {
            "enterprise_id": ids[row.values["code"]],
            "number": "1",
            "kind": "site",
            "name": row.values["name"],
            "address": row.values.get("address"),
            "region_id": regions.get(_code(row, "region") or ""),
            "latitude": row.values.get("latitude"),
            "longitude": row.values.get("longitude"),
        }
        for row, _ in part
    ]
    upsert = insert(Establishment)
    session.execute(
        upsert.on_conflict_do_update(
            index_elements=["enterprise_id", "number"],
            set_={
                name: upsert.excluded[name]
                for name in ("name", "address", "region_id", "latitude", "longitude")
            },
        ),
        sites,
    )


def store_inspectors(
    session: Session, actor: Actor, rows: list[ImportedRow], report: Report
) -> None:
    """Add inspectors or bring them up to date, with their qualifications."""
    categories = dict(session.execute(select(Category.code, Category.id)).all())
    departments = dict(session.execute(select(Department.code, Department.id)).all())
    regions = dict(session.execute(select(Region.code, Region.id)).all())
    laboratories: dict[str, int] = {}
    for code, name, laboratory_id in session.execute(
        select(Laboratory.code, Laboratory.name, Laboratory.id)
    ):
        laboratories |= {name: laboratory_id, code: laboratory_id}
    known = {
        person.number: person
        for person in session.execute(
            select(Person).where(Person.number.in_([row.values["number"] for row in rows]))
        ).scalars()
    }
    for index, row in enumerate(rows):
        if index % 200 == 0:
            report.progress("store", index, len(rows))
        values = row.values
        unknown = [code for code in values.get("qualifications") or () if code not in categories]
        if unknown:
            report.problem(
                row,
                "qualifications",
                f"no product category has the code {', '.join(unknown)}; import the roster first "
                "or correct the code.",
            )
            continue
        region_code = values.get("region_code")
        if region_code and region_code not in regions:
            report.problem(row, "region_code", f"no region has the code {region_code}.")
            continue
        department = values.get("department")
        if department and department not in departments:
            added = Department(code=department, name=department)
            session.add(added)
            session.flush()  # few
            departments[department] = added.id
        person = known.get(values["number"])
        agency = values.get("agency")
        if agency and agency not in laboratories:
            report.problem(
                row,
                "agency",
                f"no testing body has the code or name {agency}; import the laboratories first.",
            )
            continue
        if agency and values.get("pool") == "officer":
            report.problem(row, "agency", "an officer belongs to no agency; clear one of the two.")
            continue
        report.counts["updated" if person else "added"] += 1
        if person is None:
            person = Person(number=values["number"])
            session.add(person)
        person.name = values.get("name") or values["number"]
        person.department_id = departments.get(department or "")
        person.region_id = regions.get(region_code or "")
        person.senior = bool(values.get("senior"))
        person.certificate_no = values.get("certificate_no")
        person.certificate_until = values.get("certificate_until")
        person.is_active = values.get("is_active") is not False
        # A list without these columns says nothing of them: whoever is known stays what he is.
        if agency or values.get("pool") or person.pool is None:
            person.pool = "agency" if agency else values.get("pool") or "officer"
            person.laboratory_id = laboratories.get(agency or "")
        session.flush()  # the qualifications need its id
        session.execute(
            delete(PersonQualification).where(PersonQualification.person_id == person.id)
        )
        for code in values.get("qualifications") or ():
            session.add(PersonQualification(person_id=person.id, category_id=categories[code]))
    session.flush()
    report.progress("store", len(rows), len(rows))


ROSTER = ImportKind(
    name="roster",
    title="企业名录",
    fields=(
        Field(
            "code",
            "统一社会信用代码",
            lambda cell: cell.strip().upper(),
            required=True,
            aliases=("信用代码", "uscc", "credit code", "注册号"),
        ),
        Field("name", "名称", words, required=True, aliases=("企业名称", "单位名称", "enterprise")),
        Field("code_scheme", "代码类型", one_of(USCC, "licence")),
        Field("region_code", "行政区划代码", words, aliases=("区划代码",)),
        Field("region_name", "行政区划", words, aliases=("地区", "所在地区", "region")),
        Field("category_code", "产品类别代码", words, aliases=("类别代码",)),
        Field("category_name", "产品类别", words, aliases=("类别", "行业", "category")),
        Field("address", "地址", words, aliases=("住所", "经营场所", "address")),
        Field("risk_tier", "风险等级", words, aliases=("风险分级", "risk tier")),
        Field("grade", "信用风险等级", one_of("A", "B", "C", "D"), aliases=("信用等级", "grade")),
        Field("grade_model", "评级模型", words),
        Field("status", "登记状态", one_of("active", "closed", "moved"), aliases=("状态",)),
        Field("latitude", "纬度", coordinate, aliases=("latitude",)),
        Field("longitude", "经度", coordinate, aliases=("longitude",)),
    ),
    store=store_roster,
    key=("code",),
)

INSPECTORS = ImportKind(
    name="inspectors",
    title="检查人员名录",
    fields=(
        Field("number", "工号", words, required=True, aliases=("编号", "number")),
        Field("name", "姓名", words, aliases=("name",)),
        Field("department", "部门", words, aliases=("所属部门", "department")),
        Field("region_code", "管辖区划代码", words),
        Field("senior", "资深", yes_or_no, aliases=("组长", "senior")),
        Field("qualifications", "资质类别", code_list, aliases=("执法事项范围", "qualifications")),
        Field("certificate_no", "执法证号", words, aliases=("证号",)),
        Field("certificate_until", "执法证有效期", day, aliases=("有效期至",)),
        Field("is_active", "在岗", yes_or_no, aliases=("状态",)),
        Field("pool", "人员类别", pool, aliases=("人员库", "pool")),
        Field("agency", "所属抽样机构", words, aliases=("承检机构", "agency")),
    ),
    store=store_inspectors,
    key=("number",),
)

KINDS = {kind.name: kind for kind in (ROSTER, INSPECTORS)}
