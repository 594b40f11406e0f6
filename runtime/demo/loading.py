"""The demo city goes into the database through the doors that an office uses: its imports."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Role
from core.imports import ImportKind
from core.progress import Progress
from registry import catalogues, queries, service
from registry import imports as registry_imports
from risk import imports as risk_imports
from runtime.demo import writers
from runtime.demo.accounts import add_account
from runtime.demo.city import City
from sampling import imports as sampling_imports
from traceability import imports as traceability_imports


class DemoRefused(RuntimeError):
    """A file of the demo was not taken: the demo and an import disagree."""


def _take(
    session: Session, kind: ImportKind, content: bytes, name: str, progress: Progress
) -> None:
    outcome = imports.run(session, SYSTEM, kind, content, name, progress=progress)
    if outcome.problems or not (outcome.stored or outcome.known_since):
        told = "; ".join(
            f"row {p.row} {p.field}={p.value!r}: {p.message}" for p in outcome.problems[:5]
        )
        raise DemoRefused(f"{name} was not stored: {told or 'it holds no rows'}")


def trees(session: Session, city: City, progress: Progress) -> None:
    """Regions with their days, and the tree of product categories."""
    regions: dict[str, int] = {}
    for place in city.places:
        row = service.ensure_region(
            session,
            place.code,
            place.name,
            parent_id=regions.get(place.parent_code or ""),
            valid_from=place.valid_from,
        )
        row.valid_to = place.valid_to
        regions[place.code] = row.id
    categories: dict[str, int] = {}
    for each in city.categories:
        node = service.ensure_category(
            session, each.code, each.name, parent_id=categories.get(each.parent_code or "")
        )
        categories[each.code] = node.id
    progress("register", 1, 1)


def register(session: Session, city: City, progress: Progress) -> None:
    """Enterprises with grades, places and products."""
    roster = writers.roster_csv(city.enterprises, city.places, city.categories, graded=False)
    files = (
        (registry_imports.ROSTER, roster, "demo-roster.csv"),
        (catalogues.GRADES, writers.grades_csv(city.enterprises), "demo-grades.csv"),
        (
            catalogues.ESTABLISHMENTS,
            writers.establishments_csv(city.enterprises),
            "demo-establishments.csv",
        ),
        (catalogues.PRODUCTS, writers.products_csv(city.products), "demo-products.csv"),
    )
    for kind, content, name in files:
        _take(session, kind, content, name, progress)


def people(session: Session, city: City, progress: Progress) -> None:
    """Inspectors, their ties, laboratories, and the accounts of the demo.

    The inspector's account waits for the draw: it belongs to somebody who is sent out.
    """
    files = (
        (registry_imports.INSPECTORS, writers.inspectors_csv(city.people), "demo-inspectors.csv"),
        (catalogues.RECUSALS, writers.recusals_csv(city.recusals), "demo-recusals.csv"),
        (
            catalogues.LABORATORIES,
            writers.laboratories_csv(city.laboratories),
            "demo-laboratories.csv",
        ),
    )
    for kind, content, name in files:
        _take(session, kind, content, name, progress)
    lead = next(
        each.person_id
        for each in queries.inspectors(session)
        if each.number == city.people[0].number
    )
    maker = queries.enterprise_by_code(session, city.story.firms["maker"].code)
    add_account(session, Role.LEAD_INSPECTOR, person_id=lead)
    add_account(session, Role.ENTERPRISE, enterprise_id=maker.id)
    add_account(session, Role.RISK_ANALYST)
    add_account(session, Role.ADMINISTRATOR)


def inspections(session: Session, city: City, progress: Progress) -> None:
    """Past inspections."""
    content = writers.inspections_csv(city.inspections)
    _take(session, sampling_imports.INSPECTIONS, content, "demo-inspections.csv", progress)


def incidents(session: Session, city: City, progress: Progress) -> None:
    """Complaints, leads, accidents and injuries."""
    content = writers.incidents_csv(city.incidents)
    _take(session, risk_imports.COMPLAINTS, content, "demo-incidents.csv", progress)


def ledger(session: Session, city: City, progress: Progress) -> None:
    """The flow ledger."""
    raw = frozenset(firm.code for firm in city.enterprises if firm.tier == 0)
    content = writers.ledger_csv(city.movements, raw_makers=raw)
    _take(session, traceability_imports.LEDGER, content, "demo-ledger.csv", progress)
