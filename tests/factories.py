"""One factory per shared noun: sensible values, each of which a test may overrule."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core.actors import Role
from core.clock import now, today
from registry.models import (
    Account,
    Category,
    Enterprise,
    Person,
    PersonQualification,
    Product,
    Region,
)
from sampling.models.records import SamplingRecord

_numbers = itertools.count(1)

# An argon2 hash takes a tenth of a second; tests that sign in by password make their own.
NO_PASSWORD = "!"  # matches nothing


def _add(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def region(session: Session, **facts: Any) -> Region:
    """A region."""
    n = next(_numbers)
    values = {"code": f"99{n:04d}", "name": f"第{n}区", "valid_from": date(2020, 1, 1)}
    row: Region = _add(session, Region(**{**values, **facts}))
    return row


def category(session: Session, **facts: Any) -> Category:
    """A product category."""
    n = next(_numbers)
    row: Category = _add(session, Category(**{"code": f"C{n:04d}", "name": f"类别{n}", **facts}))
    return row


def enterprise(session: Session, **facts: Any) -> Enterprise:
    """An enterprise known by a number of a test register."""
    n = next(_numbers)
    values = {
        "code_scheme": "licence",
        "code": f"T{n:06d}",
        "name": f"测试企业{n}",
        "grade": "B",
        "risk_tier": None,
        "code_warnings": [],
        "created_at": now(),
        "updated_at": now(),
    }
    row: Enterprise = _add(session, Enterprise(**{**values, **facts}))
    return row


def product(session: Session, **facts: Any) -> Product:
    """A product; makes its enterprise where none is given."""
    n = next(_numbers)
    if "enterprise_id" not in facts:
        facts["enterprise_id"] = enterprise(session).id
    row: Product = _add(session, Product(**{"number": f"P{n}", "name": f"产品{n}", **facts}))
    return row


def person(session: Session, *, qualified_for: tuple[int, ...] = (), **facts: Any) -> Person:
    """An inspector with a valid certificate."""
    n = next(_numbers)
    values = {
        "number": f"J{n:04d}",
        "name": f"检查员{n}",
        "certificate_no": f"Z{n:06d}",
        "certificate_until": date(2099, 12, 31),
    }
    row: Person = _add(session, Person(**{**values, **facts}))
    for category_id in qualified_for:
        session.add(PersonQualification(person_id=row.id, category_id=category_id))
    session.flush()
    return row


def account(session: Session, *, role: Role, **facts: Any) -> Account:
    """An account without a usable password."""
    n = next(_numbers)
    if role is Role.ENTERPRISE and "enterprise_id" not in facts:
        facts["enterprise_id"] = enterprise(session).id
    values = {
        "login": f"user{n}",
        "display_name": f"用户{n}",
        "password_hash": NO_PASSWORD,
        "role": role.value,
        "created_at": now(),
    }
    row: Account = _add(session, Account(**{**values, **facts}))
    return row


def signed_record(session: Session, *, enterprise_id: int, **facts: Any) -> SamplingRecord:
    """A signed sampling record (抽样单), as a row: how one is signed is tested elsewhere."""
    n = next(_numbers)
    sampled_on = facts.pop("sampled_on", None) or today()
    values = {
        "no": f"CY-2026-{n:04d}",
        "state": "signed",
        "purpose": "supervision",
        "channel": "shop",
        "plan_id": None,
        "unit_code": None,
        "standalone_reason": None if facts.get("plan_id") else "投诉举报",
        "enterprise_id": enterprise_id,
        "content": {"sampled_on": str(sampled_on), "product_name": "充电器"},
        "personal": f'{{"salt": "{"00" * 16}", "values": {{}}}}',
        "created_at": now(),
        "updated_at": now(),
        "document": b"{}",
        "sha256": f"{n:064x}",
        "signed_at": now(),
    }
    row: SamplingRecord = _add(session, SamplingRecord(**{**values, **facts}))
    return row
