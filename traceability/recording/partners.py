"""Who a ledger row speaks of: enterprises of the register, or typed stand-ins."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from registry.maths.codes import USCC_LENGTH, normalise
from registry.models import Enterprise
from traceability.models.ledger import Party

# Distinct unknown partners for which near names are looked up; the rest are told without.
SUGGESTED_FOR = 100
SUGGESTIONS = 3
LIKENESS = 0.6
_LEGAL_FORMS = (
    "股份有限公司",
    "有限责任公司",
    "有限公司",
    "集团",
    "公司",
    "商行",
    "经营部",
    "门市部",
)


@dataclass(frozen=True, slots=True)
class Firm:
    """An enterprise of the register."""

    id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class PartyKey:
    """A party before it has a number; see `traceability.models.Party` for what keeps them apart."""

    kind: str
    key: str
    enterprise_id: int | None = None
    code: str | None = None
    name: str | None = None
    told_by_id: int | None = None


def of_firm(firm: Firm) -> PartyKey:
    """The party of an enterprise."""
    return PartyKey("enterprise", f"E:{firm.id}", enterprise_id=firm.id)


def stand_in(teller: Firm, code: str, name: str) -> PartyKey:
    """A partner that is not on the register, as its code or as its name in one firm's ledger."""
    if code:
        return PartyKey("code", f"C:{code}", code=code, name=name or None)
    return PartyKey("name", f"N:{teller.id}:{name}", name=name, told_by_id=teller.id)


def unlisted(teller: Firm, product_id: int, day: str, role: str) -> PartyKey:
    """A partner that was not written down: one for each firm, product, day and direction."""
    return PartyKey("unlisted", f"U:{teller.id}:{product_id}:{day}:{role}", told_by_id=teller.id)


def firms_by_code(session: Session, codes: Iterable[str]) -> dict[str, Firm]:
    """Enterprises of the register by code, as far as they are on it."""
    rows = session.execute(
        select(Enterprise.id, Enterprise.code, Enterprise.name)
        .where(Enterprise.code == func.any(sorted(set(codes))))
        .order_by(Enterprise.id.desc())
    ).all()
    return {row.code: Firm(*row) for row in rows}


@lru_cache(maxsize=65536)
def comparable(code: str | None) -> str:
    """A code as the register writes it: a credit code closed up, another register's as it is."""
    if not code:
        return ""
    closed = normalise(code)
    return closed if len(closed) == USCC_LENGTH else unicodedata.normalize("NFKC", code).upper()


class Advisor:
    """Names what an unknown partner may have meant; never takes one for the other."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.given: dict[tuple[str, str], str] = {}

    def words(self, code: str, name: str) -> str:
        """What to do about an unknown partner, with near names where there are any."""
        key = (code, name)
        if key not in self.given:
            near = self._near(code, name) if len(self.given) < SUGGESTED_FOR else []
            self.given[key] = self._words(code, name, near)
        return self.given[key]

    @staticmethod
    def _words(code: str, name: str, near: list[Firm]) -> str:
        who = " ".join(part for part in (code, name) if part)
        advice = "Register it, correct the code, or allow placeholders (未登记单位 = placeholder)."
        if near:
            meant = "; ".join(f"{firm.code} {firm.name}" for firm in near)
            return f"{who} is not on the register. Near: {meant}. {advice}"
        return f"{who} is not on the register. {advice}"

    def _near(self, code: str, name: str) -> list[Firm]:
        conditions = []
        if len(code) >= 10:  # one mistyped half of a code
            conditions += [
                Enterprise.code.startswith(code[:8], autoescape=True),
                Enterprise.code.endswith(code[-8:], autoescape=True),
            ]
        core = name
        for form in _LEGAL_FORMS:
            core = core.removesuffix(form)
        if len(core) >= 2:
            conditions += [
                Enterprise.name.contains(core[: max(2, len(core) // 2)], autoescape=True),
                Enterprise.name.contains(core[-max(2, len(core) // 2) :], autoescape=True),
            ]
        if not conditions:
            return []
        rows = self.session.execute(
            select(Enterprise.id, Enterprise.code, Enterprise.name)
            .where(or_(*conditions))
            .order_by(Enterprise.id)
            .limit(200)
        ).all()
        ranked = sorted(
            ((_likeness(code, name, firm), firm) for firm in (Firm(*row) for row in rows)),
            key=lambda pair: (-pair[0], pair[1].code),
        )
        return [firm for likeness, firm in ranked if likeness >= LIKENESS][:SUGGESTIONS]


def _likeness(code: str, name: str, firm: Firm) -> float:
    return max(
        difflib.SequenceMatcher(None, code, firm.code).ratio() if code else 0.0,
        difflib.SequenceMatcher(None, name, firm.name).ratio() if name else 0.0,
    )


def party_ids(session: Session, keys: Iterable[PartyKey]) -> dict[str, int]:
    """Key → party number; parties not yet known are added."""
    wanted = {each.key: each for each in keys}
    if not wanted:
        return {}
    found = _known(session, wanted)
    missing = [each for key, each in sorted(wanted.items()) if key not in found]
    if missing:
        session.execute(
            insert(Party).on_conflict_do_nothing(index_elements=["key"]),
            [
                {
                    "kind": each.kind,
                    "key": each.key,
                    "enterprise_id": each.enterprise_id,
                    "code": each.code,
                    "name": each.name,
                    "told_by_id": each.told_by_id,
                }
                for each in missing
            ],
        )
        found |= _known(session, [each.key for each in missing])
    return found


def _known(session: Session, keys: Iterable[str]) -> dict[str, int]:
    rows = session.execute(select(Party.key, Party.id).where(Party.key == func.any(list(keys))))
    return {row.key: row.id for row in rows}
