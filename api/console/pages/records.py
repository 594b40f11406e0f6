"""Sampling records for staff: the list, one record with its steps, paper, labels and files."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.forms import Fault, Form
from api.console.labels import label
from api.console.languages import problem_words
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from api.console.prints import (
    EVIDENCE,
    both,
    check_address,
    field_title,
    qr_picture,
    sheet_of,
    title_of,
)
from api.console.sheets import pdf_answer
from core.actors import STAFF, Actor, Role
from core.errors import Refusal, Stale
from core.unit_of_work import read_only, unit_of_work
from registry.queries import products_of
from sampling.maths.record_fields import CHANNEL_WORDS, FIELDS, PERSONAL, PURPOSE_WORDS
from sampling.queries import records as queries
from sampling.queries import units
from sampling.queries.record_parts import RecordView, record_views, version_of
from sampling.service import record_files, record_signing, records

blueprint = Blueprint("records", __name__)

BASE = "/console/records"

WRITERS = (Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
EDITED = frozenset({"sampled_on", "unit_name", "product_name", "producer_name", "model", "lot_no"})
ACTS = "<any(sign, unit, seal, correct, discard, samplers):act>"


def _columns() -> list[Column]:
    columns = [
        Column(
            "no",
            _("Number"),
            lambda view: view.no,
            link=lambda view: url_for("records.show", no=view.no),
            under=lambda view: view.plan_no,
            order="no",
        ),
        Column(
            "edition",
            _("Edition"),
            lambda view: view.edition,
            "number",
            shown=False,
            order="edition",
        ),
        Column("plan_no", _("Plan"), lambda view: view.plan_no, shown=False, sortable=False),
        Column("code", _("Credit code"), lambda view: view.code, shown=False, sortable=False),
        Column(
            "purpose", _("Purpose"), lambda view: both(PURPOSE_WORDS[view.purpose]), order="purpose"
        ),
        Column(
            "channel",
            _("Where"),
            lambda view: both(CHANNEL_WORDS[view.channel]),
            order="channel",
        ),
    ]
    for field in FIELDS:
        if field.name in PERSONAL:
            continue  # an export travels: names and telephone numbers stay in the record
        columns.append(
            Column(
                field.name,
                title_of(field),
                lambda view, name=field.name: view.values.get(name),  # type: ignore[misc]
                sortable=False,
                shown=field.name in EDITED - {"producer_name", "lot_no"},
            )
        )
    return [
        *columns,
        Column(
            "samplers",
            _("Samplers"),
            lambda view: "、".join(one.name for one in view.samplers),
            sortable=False,
        ),
        Column("signed_at", _("Signed"), lambda view: view.signed_at, "moment", order="signed_at"),
        Column(
            "sha256", _("SHA-256"), lambda view: view.sha256, "code", sortable=False, shown=False
        ),
        Column("state", _("State"), lambda view: view.state, "state:record", order="state"),
    ]


@blueprint.route(BASE, defaults={"extension": None})
@blueprint.route(f"{BASE}.{EXTENSIONS}")
@require(*STAFF)
def listing(extension: str | None) -> Any:
    """Sampling records, newest first."""
    with read_only(current_access()) as session:
        # The family of words is shared with records of publication.
        states = [(code, label("record", code)) for code in ("draft", "signed", "discarded")]
        found = Listing(
            _columns(),
            [
                Filter(
                    "state", _("State"), states, pills=True, counts=queries.state_counts(session)
                ),
                Filter("purpose", _("Purpose"), [(k, both(v)) for k, v in PURPOSE_WORDS.items()]),
                Filter("plan_no", _("Plan")),
                Filter("q", _("Number, unit or product")),
            ],
            sort="-no",
            name="records",
        )
        statement = queries.records_matching(
            state=found.chosen("state") or None,
            purpose=found.chosen("purpose") or None,
            plan_no=found.chosen("plan_no") or None,
            text=found.chosen("q") or None,
        )
        found.fill_select(session, statement, record_views)
        person_id = current_actor().person_id
        mine = queries.drafts_of(session, person_id) if person_id is not None else []
    if extension:
        return found.file(extension)
    return render_template(
        "pages/records.html",
        title=_("Sampling records"),
        listing=found,
        mine=mine,
        may_write=current_actor().role in WRITERS,
    )


@blueprint.route(f"{BASE}/new", methods=["GET", "POST"])
@require(*WRITERS)
def new() -> Any:
    """Begin a record for a drawn unit, or one that stands alone."""
    form = Form(values=request.form if request.method == "POST" else request.args)
    if request.method == "POST":
        facts = _start_facts(form)
        if form.is_good:
            try:
                with unit_of_work(current_access()) as session:
                    no = records.start(session, current_actor(), **facts).no
                return redirect(url_for("field.show", no=no), 303)
            except Refusal as refusal:
                form.refused(refusal)
    plan_no, code = form.value("plan_no"), form.value("code")
    with read_only(current_access()) as session:
        there = queries.records_of_unit(session, plan_no, code) if plan_no and code else []
        unit = _drawn(session, plan_no, code) if plan_no and code else None
        goods = products_of(session, unit.enterprise_id) if unit else []
    page = render_template(
        "pages/record_new.html",
        title=_("New sampling record"),
        crumbs=[(_("Sampling records"), url_for("records.listing"))],
        form=form,
        unit=unit,
        there=there,
        products=[(one.number, f"{one.name} {one.model or ''}".strip()) for one in goods],
        purposes=[(name, both(words)) for name, words in PURPOSE_WORDS.items()],
        channels=[(name, both(words)) for name, words in CHANNEL_WORDS.items()],
    )
    return page, form.status


def _start_facts(form: Form) -> dict[str, Any]:
    alone = not form.value("plan_no")
    samplers = form.text("samplers", _("Samplers"), required=False)
    return {
        "purpose": form.choice("purpose", _("Purpose"), PURPOSE_WORDS),
        "channel": form.choice("channel", _("Where"), CHANNEL_WORDS),
        "plan_no": form.value("plan_no") or None,
        "code": form.value("code") or None,
        "standalone_reason": (
            form.text("standalone_reason", _("Why outside a draw")) if alone else None
        ),
        "enterprise_code": form.text("enterprise_code", _("Credit code"), required=False) or None,
        "product_no": form.text("product_no", _("Product number"), required=False) or None,
        "samplers": numbers_in(samplers),
    }


def numbers_in(text: str) -> list[str]:
    """Work numbers, as people write several into one line."""
    for mark in "、，,；;":
        text = text.replace(mark, " ")
    return text.split()


def _drawn(session: Session, plan_no: str, code: str) -> Any:
    statement = units.drawn_statement(plan_no)
    entity = statement.column_descriptions[0]["entity"]
    unit = session.execute(statement.where(entity.code == code)).scalar_one_or_none()
    return units.drawn_views(session, [unit])[0] if unit is not None else None


@blueprint.route(f"{BASE}/<no>")
@require(*STAFF)
def show(no: str) -> Any:
    """One record: what it says, what is missing, who signed, and the next step."""
    return _page(no, Form())


def _page(no: str, form: Form) -> Any:
    edition = request.args.get("edition", type=int)
    with read_only(current_access()) as session:
        view = queries.record_edition(session, no, edition)
        editions = queries.editions_of(session, no)
        problems = []
        repeats = record_signing.repeats(session, view) if view.state == "draft" else []
        if view.state == "draft":
            found = record_signing.open_problems(session, view)
            problems = told(records.field_problems(found))
    actor = current_actor()
    page = render_template(
        "pages/record.html",
        title=_("Sampling record %(no)s", no=no),
        sub=_("edition %(edition)s", edition=view.edition) if view.edition > 1 else "",
        crumbs=[(_("Sampling records"), url_for("records.listing"))],
        crumb=no,
        view=view,
        sheet=sheet_of(view),
        editions=editions,
        problems=problems,
        repeats=repeats,
        form=form,
        may_write=may_write(actor, view),
        may_sign=actor.person_id in {one.person_id for one in view.samplers},
        qr=qr_picture(check_address(view)) if view.short else None,
        kinds=dict(EVIDENCE),
        both=both,
    )
    return page, form.status


def told(problems: Any) -> list[Fault]:
    """Problems with the name of the field before them, as the head of a form shows them."""
    return [
        Fault(each.field, "：".join(filter(None, (field_title(each.field), problem_words(each)))))
        for each in problems
    ]


def may_write(actor: Actor, view: RecordView) -> bool:
    """True for those whom the service lets write in a record."""
    mine = actor.person_id in {one.person_id for one in view.samplers}
    return actor.role in LEADS or (actor.role is Role.INSPECTOR and mine)


def same_version(session: Session, no: str) -> None:
    """Refuse a form that was made from another version of the record.

    Raises
    ------
    Stale
        Somebody changed it meanwhile.
    """
    row = queries.record_row(session, no, lock=True)
    if request.form.get("version") != str(version_of(row)):
        raise Stale


@blueprint.route(f"{BASE}/<no>/{ACTS}", methods=["POST"])
@require(*WRITERS)
def act(no: str, act: str) -> Any:
    """Sign, seal, correct or give up a record."""
    form = Form(values=request.form)
    reason = request.form.get("reason", "")
    acts: dict[str, tuple[str, Callable[[Session], Any]]] = {
        "sign": ("record-signed", lambda s: record_signing.sign(s, current_actor(), no)),
        "unit": (
            "record-signed",
            lambda s: record_signing.sign_for_unit(
                s,
                current_actor(),
                no,
                name=request.form.get("name", ""),
                refusal=request.form.get("refusal", ""),
                witness=request.form.get("witness", ""),
            ),
        ),
        "seal": ("record-sealed", lambda s: record_signing.seal(s, current_actor(), no)),
        "correct": (
            "record-correction",
            lambda s: record_signing.correct(s, current_actor(), no, reason=reason),
        ),
        "samplers": (
            "record",
            lambda s: records.save(
                s, current_actor(), no, samplers=numbers_in(request.form.get("samplers", ""))
            ),
        ),
        "discard": (
            "record-discarded",
            lambda s: records.discard(s, current_actor(), no, reason=reason),
        ),
    }
    done, step = acts[act]
    try:
        with unit_of_work(current_access()) as session:
            same_version(session, no)
            step(session)
        return redirect(url_for("records.show", no=no, done=done), 303)
    except Refusal as refusal:
        form.refused(refusal)
        form.faults = told(refusal.fields) or form.faults
        return _page(no, form)


@blueprint.route(f"{BASE}/<no>/sheet")
@require(*STAFF)
def sheet(no: str) -> str:
    """The record on A4, to be printed from the browser."""
    with read_only(current_access()) as session:
        view = queries.record_edition(session, no, request.args.get("edition", type=int))
    return render_template(
        "prints/record.html",
        sheet=sheet_of(view),
        qr=qr_picture(check_address(view)) if view.short else None,
    )


@blueprint.route(f"{BASE}/<no>/sheet.pdf")
@require(*STAFF)
def pdf(no: str) -> Any:
    """The record as a PDF file."""
    with read_only(current_access()) as session:
        return pdf_answer(
            queries.record_edition(session, no, request.args.get("edition", type=int))
        )


@blueprint.route(f"{BASE}/<no>/labels")
@require(*STAFF)
def labels(no: str) -> str:
    """Labels for the sealed samples, each with its number and QR code."""
    with read_only(current_access()) as session:
        view = queries.record_by_no(session, no)
    return render_template(
        "prints/labels.html",
        view=view,
        sheet=sheet_of(view),
        pictures=[
            qr_picture(check_address(view, each.no)) if view.short else None
            for each in view.samples
        ],
    )


@blueprint.route(f"{BASE}/<no>/files/<sha256>")
@require(*STAFF)
def original(no: str, sha256: str) -> Any:
    """The original of a photo or file, to be saved."""
    with read_only(current_access()) as session:
        file = record_files.original(session, no, sha256)
        return send_file(
            io.BytesIO(file.content),
            mimetype=file.media_type,
            as_attachment=True,
            download_name=file.name,
        )


@blueprint.route(f"{BASE}/<no>/files", methods=["POST"])
@require(*WRITERS)
def attach(no: str) -> Any:
    """Take photos and files, or take one off."""
    form = Form(values=request.form)
    back = request.form.get("back") == "field"
    try:
        with unit_of_work(current_access()) as session:
            actor = current_actor()
            if request.form.get("off"):
                kind, _dot, sha256 = request.form["off"].partition(".")
                same_version(session, no)
                record_files.detach(session, actor, no, sha256=sha256, kind=kind)
                done = "record-file-off"
            else:
                for file in request.files.getlist("file"):
                    record_files.attach(
                        session,
                        actor,
                        no,
                        kind=request.form.get("kind", ""),
                        content=file.read(),
                        name=file.filename or "",
                        note=request.form.get("note"),
                    )
                done = "record-file"
        target = "field.show" if back else "records.show"
        return redirect(url_for(target, no=no, done=done), 303)
    except Refusal as refusal:
        form.refused(refusal)
        return _page(no, form)
