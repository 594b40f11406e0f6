"""Tested lots of sampling as lots of the ledgers, for the search of common sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from api.case_lots import lot_of_case
from core.errors import Refusal
from sampling.queries.judged import JudgedLot, judged_lots
from traceability.maths.answer import LotView
from traceability.queries.ledger import lot_by_number


@dataclass(frozen=True, slots=True)
class _Named:
    """A tested lot in the form that `lot_of_case` reads."""

    no: str
    lot_no: str
    producer_id: int | None
    enterprise_id: int


@dataclass(frozen=True, slots=True)
class Judged:
    """Lots that failed and lots that passed; the cases whose lot no ledger knows."""

    failing: tuple[LotView, ...]
    compliant: tuple[LotView, ...]
    unknown: tuple[JudgedLot, ...]


def judged_in_ledgers(session: Session, *, product: str = "", since: date, until: date) -> Judged:
    """What stands in sampling for a product and a period, as lots of the ledgers.

    A lot that failed once counts as failed.
    """
    failing: dict[int, LotView] = {}
    compliant: dict[int, LotView] = {}
    unknown = []
    for each in judged_lots(session, product=product, since=since, until=until):
        named = _Named(each.case_no, each.lot_no, each.producer_id, each.enterprise_id)
        try:
            lot = lot_of_case(session, named)
        except Refusal:
            unknown.append(each)
            continue
        (failing if each.verdict == "fail" else compliant)[lot.lot_id] = lot
    return Judged(
        tuple(failing.values()),
        tuple(lot for lot_id, lot in compliant.items() if lot_id not in failing),
        tuple(unknown),
    )


def written_lots(session: Session, given: str) -> tuple[list[LotView], list[str]]:
    """Lots written one on a line, as a number or as GTIN/number; and the lines that name none."""
    found: dict[int, LotView] = {}
    wrong = []
    for line in given.splitlines():
        text = line.strip()
        if not text:
            continue
        gtin, slash, number = text.partition("/")
        try:
            if slash and gtin.strip().isdigit():
                lot = lot_by_number(session, number.strip(), gtin=gtin.strip())
            else:
                lot = lot_by_number(session, text)
        except Refusal:
            wrong.append(text)
            continue
        found.setdefault(lot.lot_id, lot)
    return list(found.values()), wrong
