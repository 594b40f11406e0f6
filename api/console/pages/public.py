"""What everybody sees: search, recalls, draws, and the public facts of an enterprise."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template, request, url_for
from flask_babel import gettext as _

from api.auth import public
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from core.unit_of_work import PUBLIC_ACCESS, read_only
from recall.maths.affected import Item
from recall.queries import publications
from registry.queries import enterprise_by_code, establishments_of
from sampling.queries.disclosed import public_views, published_plans

blueprint = Blueprint("public", __name__)

SHOWN = 8
PAGE = 50
MOST = 1000


@blueprint.route("/")
@public
def home() -> str:
    """Search, the latest recalls, the latest draws."""
    with read_only(PUBLIC_ACCESS) as session:
        recalls = publications.search_public(session, q="", limit=SHOWN)
        rows = session.execute(published_plans().limit(200)).scalars()
        draws = public_views(session, list(rows))
    draws.sort(key=lambda draw: draw.committed_at, reverse=True)
    return render_template(
        "pages/public_home.html",
        title=_("Is it safe, and who checked?"),
        recalls=recalls,
        draws=draws[:SHOWN],
    )


@blueprint.route("/recalls", defaults={"extension": None})
@blueprint.route(f"/recalls.{EXTENSIONS}")
@public
def recalls(extension: str | None) -> Any:
    """Recalls whose notice holds all the words."""
    columns = [
        Column(
            "number",
            _("Number"),
            lambda one: one.number,
            link=lambda one: url_for("public.recall", no=one.number),
        ),
        Column(
            "product",
            _("Product"),
            lambda one: f"{one.text.product} {one.text.brand} {one.text.model}".strip(),
        ),
        Column("producer", _("Producer"), lambda one: one.text.enterprise),
        Column("hazard", _("Hazard"), lambda one: one.text.hazard),
        Column("lots", _("Lots"), lambda one: "、".join(item.lot for item in one.text.items)),
        Column("published_at", _("Announced"), lambda one: one.published_at, "day"),
        Column("state", _("State"), lambda one: one.state, "state:recall"),
    ]
    found = Listing(columns, [Filter("q", _("Words"))], sort="-published_at", name="recalls")
    with read_only(PUBLIC_ACCESS) as session:
        found.fill(publications.search_public(session, q=found.chosen("q"), limit=MOST))
    if extension:
        return found.file(extension)
    return render_template("pages/public_recalls.html", title=_("Recalls"), listing=found)


@blueprint.route("/recalls/<no>")
@public
def recall(no: str) -> str:
    """One notice, and whether a lot in hand is affected."""
    lot = request.args.get("lot", "").strip()
    model = request.args.get("model", "").strip()
    with read_only(PUBLIC_ACCESS) as session:
        found = publications.public_recall(session, no)
        verdict = None
        if lot or model:
            gtins = [item.gtin for item in found.text.items if item.gtin]
            answer = publications.check_items(
                session,
                [
                    Item(
                        gtin=gtins[0] if gtins else "",
                        brand=found.text.brand,
                        model=model or found.text.model,
                        lot=lot,
                    )
                ],
            )[0]
            mine = no in answer.recalls
            verdict = str(answer.verdict) if mine or answer.verdict != "affected" else "no_match"
    return render_template(
        "pages/public_recall.html",
        title=found.text.product,
        recall=found,
        lot=lot,
        model=model,
        verdict=verdict,
    )


@blueprint.route("/recalls/<no>.json")
@public
def recall_json(no: str) -> Any:
    """The same notice as data."""
    from api.schemas.recall import PublicRecallOut

    with read_only(PUBLIC_ACCESS) as session:
        return jsonify(PublicRecallOut().dump(publications.public_recall(session, no)))


@blueprint.route("/enterprises/<code>")
@public
def enterprise(code: str) -> str:
    """What the register says of an enterprise, and its recalls; never its grade."""
    with read_only(PUBLIC_ACCESS) as session:
        found = enterprise_by_code(session, code)
        places = establishments_of(session, found.id)
        recalled = [
            each
            for each in publications.search_public(session, q=found.name, limit=PAGE)
            if each.text.enterprise == found.name
        ]
    return render_template(
        "pages/enterprise.html",
        title=found.name,
        enterprise=found,
        places=places,
        recalls=recalled,
    )
