"""Enterprises as staff see them: the register, and one enterprise with its history."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, require
from api.console.labels import LABELS, label
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from core.actors import STAFF
from core.unit_of_work import read_only
from recall.queries import files
from registry import queries
from traceability.queries.ledger import movement_views, movements

blueprint = Blueprint("enterprises", __name__)

BASE = "/console/enterprises"
LATEST = 10


def _listing(session: Session) -> Listing:
    regions, categories = queries.regions(session), queries.categories(session)
    region_names = {node.id: node.name for node in regions}
    category_names = {node.id: node.name for node in categories}
    columns = [
        Column(
            "name",
            _("Enterprise"),
            lambda row: row.name,
            link=lambda row: url_for("enterprises.show", code=row.code),
            order="name",
        ),
        Column("code", _("Credit code"), lambda row: row.code, "code", order="code"),
        Column(
            "region", _("Region"), lambda row: region_names.get(row.region_id), order="region_id"
        ),
        Column(
            "category",
            _("Product category"),
            lambda row: category_names.get(row.category_id),
            order="category_id",
        ),
        Column("grade", _("Grade"), lambda row: row.grade, "grade", order="grade"),
        Column("tier", _("Risk tier"), lambda row: row.risk_tier, order="risk_tier", shown=False),
        Column("updated_at", _("Updated"), lambda row: row.updated_at, "day", order="updated_at"),
        Column(
            "status",
            _("Register state"),
            lambda row: row.status,
            "state:enterprise_status",
            order="status",
        ),
    ]
    grades = [(code, f"{code} {label('grade', code)}") for code in LABELS["grade"]]
    filters = [
        Filter("q", _("Name or credit code")),
        Filter("region", _("Region"), [(node.code, node.name) for node in regions]),
        Filter("category", _("Product category"), [(node.code, node.name) for node in categories]),
        Filter("grade", _("Grade"), grades),
    ]
    return Listing(columns, filters, sort="code", name="enterprises")


@blueprint.route(BASE, defaults={"extension": None})
@blueprint.route(f"{BASE}.{EXTENSIONS}")
@require(*STAFF)
def listing(extension: str | None) -> Any:
    """The register of enterprises."""
    with read_only(current_access()) as session:
        found = _listing(session)
        statement = queries.enterprises_matching(
            text=found.chosen("q") or None,
            region=found.chosen("region") or None,
            category=found.chosen("category") or None,
            grade=found.chosen("grade") or None,
        )
        found.fill_select(session, statement)
        if extension:
            return found.file(extension)
        return render_template("pages/enterprises.html", title=_("Enterprises"), listing=found)


@blueprint.route(f"{BASE}/<code>")
@require(*STAFF)
def show(code: str) -> str:
    """One enterprise: register facts, grades, products, recalls, latest ledger rows."""
    with read_only(current_access()) as session:
        row = queries.enterprise_by_code(session, code)
        moved = movements(enterprise_id=row.id)
        entity = moved.column_descriptions[0]["entity"]
        latest = session.execute(moved.order_by(entity.id.desc()).limit(LATEST)).scalars()
        regions = {node.id: node.name for node in queries.regions(session)}
        categories = {node.id: node.name for node in queries.categories(session)}
        return render_template(
            "pages/enterprise_file.html",
            title=row.name,
            sub=row.code,
            crumbs=[(_("Enterprises"), url_for("enterprises.listing"))],
            crumb=row.name,
            row=row,
            region=regions.get(row.region_id or 0),
            category=categories.get(row.category_id or 0),
            grades=queries.grades_of(session, row.id),
            products=queries.products_of(session, row.id),
            places=queries.establishments_of(session, row.id),
            recalls=files.my_recalls(session, row.id),
            movements=movement_views(session, list(latest)),
        )
