"""From imported rows to drafts of facts: who, what, when; each row that cannot be one says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy.orm import Session

from core.actors import Actor, Role
from core.imports import ImportedRow, Report
from traceability.maths.ledger import EventKind, Inputs
from traceability.queries.ledger import lot_key
from traceability.recording.cells import UNDATED, Input, Span
from traceability.recording.goods import Catalogue, NewProduct
from traceability.recording.partners import (
    Advisor,
    Firm,
    PartyKey,
    comparable,
    firms_by_code,
    of_firm,
    stand_in,
    unlisted,
)

DEFAULT_UNIT = "C62"
PLACEHOLDER = "placeholder"
GTIN_DIGITS = 14

# Kinds that move goods to somebody; the others have one party.
_HOPS = (EventKind.SHIPMENT, EventKind.RECEIPT, EventKind.RETURN)


@dataclass(slots=True)
class DraftUse:
    """A lot that went in."""

    product_id: int
    key: str
    number: str
    quantity: Decimal | None
    unit: str


@dataclass(slots=True)
class Draft:
    """One fact before it is added to the journal."""

    row: ImportedRow
    kind: EventKind
    teller: Firm
    product_id: int
    key: str
    number: str
    source: PartyKey
    target: PartyKey | None
    quantity: Decimal | None
    unit: str
    span: Span
    document_no: str | None
    inputs: Inputs | None
    corrects: str | None
    uses: list[DraftUse] = field(default_factory=list)
    corrects_id: int | None = None


class Drafting:
    """Reads the rows of one file."""

    def __init__(self, session: Session, actor: Actor, report: Report) -> None:
        self.session = session
        self.actor = actor
        self.report = report
        self.advisor = Advisor(session)
        self.catalogue = Catalogue(session)
        self.firms: dict[str, Firm] = {}

    def drafts(self, rows: Sequence[ImportedRow]) -> list[Draft]:
        """Drafts of the rows that can be facts; a problem for each of the others."""
        codes = {
            comparable(row.values.get(name))
            for row in rows
            for name in ("from_code", "to_code", "maker_code")
        }
        self.firms = firms_by_code(self.session, codes - {""})
        told = [(row, firm) for row in rows if (firm := self._teller(row)) is not None]
        self._load_products(told)
        found = []
        for index, (row, teller) in enumerate(told):
            if index % 2000 == 0:
                self.report.progress("match", index, len(told))
            draft = self._draft(row, teller)
            if draft is not None:
                found.append(draft)
        return found

    def _problem(self, row: ImportedRow, name: str, words: str) -> None:
        self.report.problem(row, name, words)

    def _teller(self, row: ImportedRow) -> Firm | None:
        """Whose ledger the row is from; it must be on the register, and the actor's own."""
        end = "to" if row.values["kind"] is EventKind.RECEIPT else "from"
        code = comparable(row.values.get(f"{end}_code"))
        if not code:
            self._problem(row, f"{end}_code", "The firm that tells this row needs its code.")
            return None
        firm = self.firms.get(code)
        if firm is None:
            name = row.values.get(f"{end}_name") or ""
            self._problem(row, f"{end}_code", self.advisor.words(code, name))
        elif self.actor.role is Role.ENTERPRISE and firm.id != self.actor.enterprise_id:
            self._problem(
                row,
                f"{end}_code",
                f"This row is from the ledger of {firm.code} {firm.name}; an enterprise uploads "
                "its own ledger only.",
            )
            return None
        return firm

    def _draft(self, row: ImportedRow, teller: Firm) -> Draft | None:
        before = len(self.report.problems)
        values = row.values
        kind: EventKind = values["kind"]
        is_named_sale = values.get("to_code") or values.get("to_name")
        if kind is EventKind.SALE and is_named_sale:
            kind = EventKind.SHIPMENT  # sold to a firm: the goods are there now
        product_id = self._product(row, teller)
        amount = values.get("quantity")
        if amount == 0 and kind is not EventKind.STOCK:
            self._problem(row, "quantity", "0 moves nothing; leave it empty where it is not known.")
        span = values.get("on") or UNDATED
        source, target = self._parties(row, teller, kind, product_id or 0, span)
        if kind is EventKind.VOID and not values.get("corrects"):
            self._problem(row, "corrects", "作废 needs the document number of the row it voids.")
        if values.get("inputs") is not None and kind is not EventKind.PRODUCTION:
            self._problem(row, "inputs", "Only 生产 has inputs; leave it empty here.")
        if len(self.report.problems) > before or product_id is None or source is None:
            return None
        return Draft(
            row=row,
            kind=kind,
            teller=teller,
            product_id=product_id,
            key=lot_key(values["lot_no"]),
            number=values["lot_no"],
            source=source,
            target=target,
            quantity=None if kind is EventKind.VOID else amount,
            unit=values.get("unit") or DEFAULT_UNIT,
            span=span,
            document_no=values.get("document_no"),
            inputs=_inputs_state(kind, values.get("inputs")),
            corrects=values.get("corrects"),
        )

    # Parties

    def _parties(
        self, row: ImportedRow, teller: Firm, kind: EventKind, product_id: int, span: Span
    ) -> tuple[PartyKey | None, PartyKey | None]:
        own = of_firm(teller)
        if kind not in _HOPS:
            if kind is not EventKind.VOID and (
                row.values.get("to_code") or row.values.get("to_name")
            ):
                self._problem(row, "to_code", "This event has no receiver; leave it empty here.")
            return own, None
        end = "from" if kind is EventKind.RECEIPT else "to"
        partner = self._partner(row, teller, end, product_id, span)
        if partner is None:
            return None, None
        if partner == own:
            self._problem(row, f"{end}_code", "Sender and receiver are the same firm.")
            return None, None
        return (partner, own) if kind is EventKind.RECEIPT else (own, partner)

    def _partner(
        self, row: ImportedRow, teller: Firm, end: str, product_id: int, span: Span
    ) -> PartyKey | None:
        code = comparable(row.values.get(f"{end}_code"))
        name = row.values.get(f"{end}_name") or ""
        if code in self.firms:
            return of_firm(self.firms[code])
        if not code and not name:
            day = span.earliest_at.isoformat() if span.earliest_at else "?"
            return unlisted(teller, product_id, day, end)
        if row.values.get("unknown_partners") == PLACEHOLDER:
            return stand_in(teller, code, name)
        field_name = f"{end}_code" if code else f"{end}_name"
        self._problem(row, field_name, self.advisor.words(code, name))
        return None

    # Products

    def _load_products(self, told: Iterable[tuple[ImportedRow, Firm]]) -> None:
        """Read the products the rows name; put those on the register that a row describes."""
        rows = list(told)
        gtins: set[str] = set()
        makers: set[int] = set()
        for row, teller in rows:
            if row.values.get("gtin"):
                gtins.add(row.values["gtin"])
            elif (maker := self._maker(row, teller)) is not None:
                makers.add(maker)
            for each in row.values.get("inputs") or ():
                if each.gtin:
                    gtins.add(each.gtin.zfill(GTIN_DIGITS))
        self.catalogue.load(gtins, makers)
        fresh: dict[tuple[int, str], NewProduct] = {}
        for row, teller in rows:
            new = self._new_product(row, teller)
            if new is not None:
                fresh.setdefault((new.enterprise_id, new.number), new)
        added = self.catalogue.add([fresh[key] for key in sorted(fresh)])
        if added:
            self.report.counts["products added"] += added

    def _maker(self, row: ImportedRow, teller: Firm) -> int | None:
        """The maker as the row tells it: written, or whoever says to have made it."""
        code = comparable(row.values.get("maker_code"))
        if code:
            firm = self.firms.get(code)
            return firm.id if firm else None
        return teller.id if row.values["kind"] is EventKind.PRODUCTION else None

    def _new_product(self, row: ImportedRow, teller: Firm) -> NewProduct | None:
        gtin, name = row.values.get("gtin"), row.values.get("product_name")
        maker = self._maker(row, teller)
        if maker is None or not name:
            return None
        if self.actor.role is Role.ENTERPRISE and maker != self.actor.enterprise_id:
            return None
        number = row.values.get("product_no") or gtin or name
        if gtin and self.catalogue.of_gtin(gtin, maker):
            return None
        if (maker, number) in self.catalogue.by_number:
            return None
        if not gtin and not row.values.get("product_no") and self.catalogue.by_name[maker, name]:
            return None
        return NewProduct(maker, number, gtin, name)

    def _product(self, row: ImportedRow, teller: Firm) -> int | None:
        """The product of a row, or a problem that says what to write."""
        values = row.values
        gtin, number, name = (values.get(n) for n in ("gtin", "product_no", "product_name"))
        maker = self._maker(row, teller)
        if values.get("maker_code") and maker is None:
            self._problem(
                row, "maker_code", self.advisor.words(comparable(values["maker_code"]), "")
            )
            return None
        found: list[int] = []
        if gtin:
            # A producer that makes to order puts another firm's GTIN on its goods.
            told = maker if values.get("maker_code") else None
            found = self.catalogue.of_gtin(gtin, told) or self.catalogue.of_gtin(gtin, maker)
            if len(found) > 1 and maker is not None:
                found = self.catalogue.of_gtin(gtin, maker) or found
        elif maker is not None and number:
            known = self.catalogue.by_number.get((maker, number))
            found = [known] if known else []
        elif maker is not None and name:
            found = self.catalogue.by_name[maker, name]
        if len(found) == 1:
            return found[0]
        self._problem(row, "gtin" if gtin else "product_name", _product_words(gtin, found))
        return None

    def product_of_gtin(self, gtin: str) -> int | None:
        """The one product with a GTIN; None where there is none, or several."""
        found = self.catalogue.of_gtin(gtin.zfill(GTIN_DIGITS), None)
        return found[0] if len(found) == 1 else None


def _product_words(gtin: str | None, found: list[int]) -> str:
    if len(found) > 1:
        return "Several products go by this; write 生产企业代码, or 产品编号."
    if gtin:
        return (
            f"No product with GTIN {gtin} is on the register; write 生产企业代码 and 产品名称 "
            "as its maker, or have the maker upload first."
        )
    return (
        "The product cannot be told: write 商品条码, or 生产企业代码 with 产品编号 or 产品名称 of "
        "a product that is on the register."
    )


def _inputs_state(kind: EventKind, given: tuple[Input, ...] | None) -> Inputs | None:
    if kind is not EventKind.PRODUCTION:
        return None
    if given is None:
        return Inputs.UNTOLD
    return Inputs.TOLD if given else Inputs.NONE
