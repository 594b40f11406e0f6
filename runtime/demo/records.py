"""What the demo city is made of: frozen records, free of any database.

Every place, enterprise, person and number here is invented. Codes lie in ranges nobody was given:
region codes 99xxxx (unassigned in GB/T 2260) and article numbers 29… (GS1 keeps 20-29 for
restricted circulation, so no maker in the world owns one).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class PlaceRecord:
    """A region of the dated tree; ``valid_to`` is the first day it no longer stood."""

    code: str
    name: str
    parent_code: str | None
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class CategoryRecord:
    """A product category."""

    code: str
    name: str
    parent_code: str | None


@dataclass(frozen=True, slots=True)
class GradeStep:
    """A credit-risk grade from a day on, and the model that set it."""

    since: date
    grade: str
    model: str


@dataclass(frozen=True, slots=True)
class ShopRecord:
    """A place where an enterprise trades: site, shop or online."""

    name: str
    kind: str
    address: str
    region_code: str


@dataclass(frozen=True, slots=True)
class EnterpriseRecord:
    """An invented enterprise.

    Attributes
    ----------
    tier : int
        0 raw material, 1 parts, 2 assembly, 3 wholesale, 4 retail and platforms.
    short_name : str
        Name without region and legal form's tail, as a card shows it.
    mark : str
        Letters its lot and document numbers begin with.
    grades : tuple[GradeStep, ...]
        History, oldest first; the last one holds today.
    """

    code: str
    name: str
    short_name: str
    mark: str
    tier: int
    region_code: str
    category_code: str
    address: str
    founded_on: date
    status: str
    grades: tuple[GradeStep, ...]
    shops: tuple[ShopRecord, ...]

    @property
    def grade(self) -> str:
        """The grade that holds today."""
        return self.grades[-1].grade

    @property
    def risk_tier(self) -> str:
        """Risk of what it makes or sells, in three tiers: credit, kind of product, and making."""
        points = "ABCD".index(self.grade) + (self.category_code[0] in "DR") + (self.tier == 2)
        return "低中中高"[min(points, 4) - 1] if points else "低"


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """An article with its number."""

    gtin: str
    enterprise_code: str
    name: str
    brand: str
    model: str
    standard: str
    category_code: str
    unit: str


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """An inspector, named by role and number."""

    number: str
    name: str
    department: str
    title: str
    senior: bool
    region_code: str | None
    certificate_no: str
    certificate_until: date
    category_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecusalRecord:
    """A tie for which an inspector stays away from an enterprise."""

    person_number: str
    enterprise_code: str
    kind: str
    since: date


@dataclass(frozen=True, slots=True)
class LaboratoryRecord:
    """A testing laboratory."""

    code: str
    name: str
    accreditation_no: str
    accreditation_until: date


@dataclass(frozen=True, slots=True)
class InspectionRecord:
    """One product tested in one past inspection."""

    number: str
    on: date
    enterprise_code: str
    category_code: str
    gtin: str
    lot_no: str
    is_pass: bool
    failing_items: tuple[str, ...]
    inspector_numbers: tuple[str, str]
    laboratory_code: str


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """An accident, injury, complaint or lead; no person's data."""

    number: str
    kind: str
    occurred_on: date
    received_on: date
    region_code: str
    category_code: str
    enterprise_code: str | None
    gtin: str | None
    lot_no: str | None
    hazard: str
    harm: str
    injured: int
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class LotUse:
    """A lot that went into another, and how much of it (unknown is None, never 0)."""

    gtin: str
    lot_no: str
    quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class MovementRecord:
    """One row of the flow ledger (流向台账).

    Attributes
    ----------
    kind : str
        production (with or without inputs), shipment, sale (to consumers), stock (a count).
    from_code, to_code : str
        Credit codes. Production, sale and stock have no ``to_code``; a shipment whose receiver
        was not written down has an empty one.
    quantity : Decimal | None
        None where the ledger does not say.
    """

    kind: str
    on: date
    gtin: str
    lot_no: str
    quantity: Decimal | None
    unit: str
    from_code: str
    to_code: str
    document_no: str
    inputs: tuple[LotUse, ...] = ()
