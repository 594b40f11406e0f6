"""Supervision cases (监督抽查): the list with what is due, and the page of one case."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.case_acts import facts_of, steps_of
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.languages import language
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from core.actors import STAFF, Role
from core.clock import today
from core.errors import Refusal
from core.files import FileUnknown
from core.unit_of_work import read_only, unit_of_work
from sampling.errors import ActUnknown
from sampling.maths.procedure import MOVES
from sampling.maths.procedure_words import Act, Domain, Purpose
from sampling.queries import procedure as cases
from sampling.queries import publication
from sampling.queries.records import signed_records
from sampling.service.procedure import grave, moves, opening
from sampling.service.procedure.effects_result import required_parties, why_open
from sampling.service.procedure.effects_sampling import drawn_team

blueprint = Blueprint("cases", __name__)

BASE = "/console/cases"
LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
OFFICERS = (Role.INSPECTOR, *LEADS)
SOON = timedelta(days=7)
# Acts that may come at any time: not what the case waits for.
BESIDE = ("record-receipt", "record-objection", "record-measure")


def _clock(line: cases.CaseLine) -> cases.ClockView | None:
    """The clock that matters now: an overdue one, else the next."""
    return line.overdue[0] if line.overdue else line.next_due


def _step(line: cases.CaseLine) -> str | None:
    clock = _clock(line)
    if clock is None:
        return None
    return clock.title_zh if language() == "zh" else clock.title_en


def _due_note(line: cases.CaseLine) -> str | None:
    if line.overdue:
        return label("clock", "overdue")
    return _("provisional") if line.next_due and line.next_due.is_provisional else None


def _columns() -> list[Column]:
    return [
        Column(
            "no",
            _("Number"),
            lambda line: line.no,
            link=lambda line: url_for("cases.show", no=line.no),
            order="id",
        ),
        Column(
            "enterprise",
            _("Sampled unit"),
            lambda line: line.enterprise,
            under=lambda line: line.product,
            sortable=False,
        ),
        Column(
            "plan",
            _("Plan"),
            lambda line: line.plan_no,
            link=lambda line: url_for("plans.draw", no=line.plan_no) if line.plan_no else None,
            sortable=False,
        ),
        Column(
            "purpose", _("Purpose"), lambda line: line.purpose, "label:case_purpose",
            order="purpose",
        ),
        Column(
            "domain", _("Where"), lambda line: line.domain, "label:case_domain", order="domain",
            shown=False,
        ),
        Column("step", _("Next step due"), _step, sortable=False),
        Column(
            "due_on",
            _("Due on"),
            lambda line: clock.due_on if (clock := _clock(line)) else None,
            "day",
            under=_due_note,
            sortable=False,
        ),
        Column("acted_on", _("Last step"), lambda line: line.acted_on, "day", order="acted_on"),
        Column(
            "verdict", _("Verdict"), lambda line: line.verdict, "state:case_verdict",
            order="verdict",
        ),
        Column("state", _("State"), lambda line: line.state, "state:case", order="state"),
    ]  # fmt: skip


@blueprint.route(BASE, defaults={"extension": None})
@blueprint.route(f"{BASE}.{EXTENSIONS}")
@require(Role.ENTERPRISE, *STAFF)
def listing(extension: str | None) -> Any:
    """Cases that the reader may see, newest first; what is due and overdue by a filter."""
    filters = [
        Filter("q", _("Number, enterprise or product")),
        Filter("plan_no", _("Plan")),
        Filter("state", _("State"), [(code, label("case", code)) for code in LABELS["case"]]),
        Filter(
            "purpose",
            _("Purpose"),
            [(code, label("case_purpose", code)) for code in LABELS["case_purpose"]],
        ),
        Filter(
            "due",
            _("Due on"),
            [("overdue", label("clock", "overdue")), ("soon", _("within 7 days"))],
        ),
    ]
    found = Listing(_columns(), filters, sort="-no", name="cases")
    due = found.chosen("due")
    statement = cases.cases_matching(
        state=found.chosen("state") or None,
        purpose=found.chosen("purpose") or None,
        plan_no=found.chosen("plan_no") or None,
        text=found.chosen("q") or None,
        overdue=due == "overdue",
        due_by=today() + SOON if due == "soon" else None,
    )
    with read_only(current_access()) as session:
        found.fill_select(session, statement, cases.case_lines)
    if extension:
        return found.file(extension)
    return render_template(
        "pages/cases.html",
        title=_("Supervision cases"),
        listing=found,
        may_open=current_actor().role in LEADS,
    )


@blueprint.route(BASE + "/new", methods=["GET", "POST"])
@require(*LEADS)
def new() -> Any:
    """Open the cases of a drawn plan."""
    form = Form(values=request.form if request.method == "POST" else request.args)
    if request.method == "POST":
        plan_no = form.text("plan", _("Plan"))
        purpose = form.choice("purpose", _("Purpose"), list(Purpose))
        domain = form.choice("domain", _("Where"), list(Domain))
        product = opening.Product(form.text("product", _("Product"), required=False))
        platform = form.text("platform", _("Platform"), required=False) or None
        if form.is_good:
            try:
                with unit_of_work(current_access()) as session:
                    opening.open_cases(
                        session,
                        current_actor(),
                        plan_no,
                        product=product,
                        purpose=Purpose(purpose),
                        domain=Domain(domain),
                        platform=platform,
                    )
                return redirect(url_for("cases.listing", done="cases-opened"), 303)
            except Refusal as refusal:
                form.refused(refusal)
    with read_only(current_access()) as session:
        plans = cases.drawn_plans(session)
    page = render_template(
        "pages/case_new.html",
        title=_("Open cases"),
        crumbs=[(_("Supervision cases"), url_for("cases.listing"))],
        form=form,
        plans=[(no, f"{no} · {title}") for no, title in plans],
        purposes=[(one.value, label("case_purpose", one.value)) for one in Purpose],
        domains=[(one.value, label("case_domain", one.value)) for one in Domain],
    )
    return page, form.status


@blueprint.route(BASE + "/<no>")
@require(Role.ENTERPRISE, *STAFF)
def show(no: str) -> Any:
    """One case."""
    return _page(no, Form())


def _page(no: str, form: Form, acted_on: str = "") -> Any:
    actor = current_actor()
    with read_only(current_access()) as session:
        file = cases.case_dossier(session, no)
        history = cases.case_history(session, no, whole=actor.is_staff)
        acts = _offered(session, file)
        steps = steps_of(
            acts,
            file,
            team=drawn_team(session, file.case),
            roles=required_parties(session, file.case) if Act.NOTIFY in acts else (),
            records=signed_records(session, file.case) if Act.SAMPLE in acts else (),
        )
        is_announceable = actor.role in LEADS and publication.may_be_announced(session, no)
        record = publication.record_of_case(session, no) if actor.is_staff else None
        record_no = record.no if record is not None else None
    proposal = file.proposal
    page = render_template(
        "pages/case.html",
        title=_("Supervision case"),
        sub=no,
        crumbs=[(_("Supervision cases"), url_for("cases.listing"))],
        crumb=no,
        file=file,
        case=file.case,
        history=history[::-1],
        steps=steps,
        next_act=next(
            (each.act for each in steps if not each.is_grave and each.act not in BESIDE), ""
        ),
        form=form,
        may_read_records=actor.is_staff,
        is_announceable=is_announceable,
        public_record_no=record_no,
        acted_on=acted_on,
        proposed_facts=[
            (label("case_field", name), _told(value)) for name, value in proposal.facts.items()
        ]
        if proposal
        else [],
        may_decide=proposal is not None and grave.may_decide(actor, file.case, proposal),
        is_mine=proposal is not None and proposal.proposed_by == actor.account_id,
    )
    return page, form.status


def _offered(session: Session, file: cases.CaseDossier) -> list[Act]:
    """What the reader may do now; nothing that only time, or a second person, still holds back."""
    acts = moves.possible_acts(session, current_actor(), file.case)
    open_ones = [one for one in file.objections if one.outcome is None]
    left_out = set()
    if file.proposal is not None:
        left_out |= {act for act in acts if MOVES[act].is_grave}
    if current_actor().is_staff and why_open(session, file.case) is not None:
        left_out.add(Act.CONFIRM)
    if not any(one.received_on is None for one in file.parties):
        left_out |= {Act.RECORD_RECEIPT, Act.ACKNOWLEDGE}
    if not open_ones:
        left_out |= {Act.HANDLE_OBJECTION, Act.ORDER_RETEST}
    if not any(one.outcome == "upheld" for one in file.objections):
        left_out.add(Act.UPHOLD)
    else:
        left_out.add(Act.CONFIRM)
    return [act for act in acts if act not in left_out]


def _told(value: Any) -> str:
    if isinstance(value, list):
        return "；".join(
            " | ".join(str(part) for part in one.values()) if isinstance(one, dict) else str(one)
            for one in value
        )
    return str(value)


@blueprint.route(BASE + "/<no>/act/<name>", methods=["POST"])
@require(Role.ENTERPRISE, *OFFICERS)
def act(no: str, name: str) -> Any:
    """Do one act, or propose a grave one; what is refused is told on the page of the case."""
    form = Form(values=request.form)
    try:
        chosen = Act(name)
    except ValueError as error:
        raise ActUnknown(act=name) from error
    version = form.number("version", _("Version"))
    actor, is_grave = current_actor(), MOVES[chosen].is_grave
    if form.is_good:
        try:
            with unit_of_work(current_access()) as session:
                # The version is looked at before the files of the form change it.
                case = moves.locked(session, actor, no, version)
                roles = required_parties(session, case) if chosen is Act.NOTIFY else ()
                facts = facts_of(session, actor, no, chosen, form, roles)
                if is_grave:
                    grave.propose(session, actor, no, chosen, facts)
                else:
                    moves.carry_out(session, actor, no, chosen, facts)
            done = "case-proposed" if is_grave else "case-step"
            return redirect(url_for("cases.show", no=no, done=done), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _page(no, form, name)


@blueprint.route(BASE + "/<no>/approve", methods=["POST"])
@require(*LEADS)
def approve(no: str) -> Any:
    """Approve what somebody else proposed."""
    form = Form(values=request.form)
    version = form.number("version", _("Version"))
    if form.is_good:
        try:
            with unit_of_work(current_access()) as session:
                grave.approve(session, current_actor(), no, expected_version=version)
            return redirect(url_for("cases.show", no=no, done="case-step"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _page(no, form)


@blueprint.route(BASE + "/<no>/decline", methods=["POST"])
@require(*OFFICERS)
def decline(no: str) -> Any:
    """Decline a proposal, or take the own one back."""
    form = Form(values=request.form)
    version = form.number("version", _("Version"))
    reason = form.text("reason", _("Reason"))
    if form.is_good:
        try:
            with unit_of_work(current_access()) as session:
                grave.decline(session, current_actor(), no, reason=reason, expected_version=version)
            return redirect(url_for("cases.show", no=no, done="case-declined"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _page(no, form)


@blueprint.route(BASE + "/<no>/files/<sha256>")
@require(Role.ENTERPRISE, *STAFF)
def file(no: str, sha256: str) -> Any:
    """A file of the case; never shown in place."""
    with read_only(current_access()) as session:
        found = cases.file_of_case(session, no, sha256)
        if found is None:
            raise FileUnknown(sha256=sha256)
        content, name = found.content, found.name
    return send_file(
        io.BytesIO(content),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=name,
    )
