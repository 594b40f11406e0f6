"""The sampling record on a phone: one column, kept on the device until the server has it.

Works as a plain form too; `field.js` adds saving by itself, and what is needed on a poor line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest

from api.auth import current_access, current_actor, public, require
from api.console.forms import Fault, Form
from api.console.pages.records import WRITERS, may_write, same_version, told
from api.console.prints import (
    EVIDENCE,
    KINDS,
    both,
    field_title,
    title_of,
)
from core.errors import Refusal, Stale
from core.unit_of_work import read_only, unit_of_work
from sampling.errors import NotYourRecord
from sampling.maths.record_cells import MOST_SAMPLES, cleaned, cleaned_samples, plain
from sampling.maths.record_fields import (
    BY_NAME,
    CHANNEL_WORDS,
    FIELDS,
    GROUPS,
    PURPOSE_WORDS,
    Channel,
    Kind,
    fields_of,
)
from sampling.queries import records as queries
from sampling.queries.record_parts import RecordView, version_of
from sampling.service import record_signing, records

blueprint = Blueprint("field", __name__)

BASE = "/field/records"
PARTS = ("kind", "quantity", "seal_no", "place", "storage")
SPARE_ROWS = 2
INPUTS = {
    Kind.DAY: ("date", None),
    Kind.COUNT: ("text", "numeric"),
    Kind.AMOUNT: ("text", "decimal"),
    Kind.MONEY: ("text", "decimal"),
    Kind.URL: ("text", "url"),
}


def as_form(view: RecordView) -> dict[str, str]:
    """A record as the names and values of the form's fields."""
    values = {field.name: view.values.get(field.name, "") for field in FIELDS}
    for place, each in enumerate(view.samples):
        facts = (each.kind, plain(each.quantity), each.seal_no, each.place, each.storage)
        values |= {f"samples.{place}.{part}": fact for part, fact in zip(PARTS, facts, strict=True)}
    return values


def from_form(
    typed: Mapping[str, str], channel: Channel
) -> tuple[dict[str, str], list[dict[str, str]] | None]:
    """Fields and samples as typed; no samples where the form has no rows for them."""
    names = {field.name for group, _zh, _en in GROUPS for field in fields_of(group, channel)}
    values = {name: typed[name] for name in BY_NAME if name in names and name in typed}
    rows = [
        {part: typed.get(f"samples.{place}.{part}", "") for part in PARTS}
        for place in range(MOST_SAMPLES)
        if f"samples.{place}.quantity" in typed
    ]
    return values, rows or None


def _mine(no: str) -> RecordView:
    with read_only(current_access()) as session:
        view = queries.record_edition(session, no)
    if not may_write(current_actor(), view):
        raise NotYourRecord(record_no=no)
    return view


@blueprint.route(f"{BASE}/<no>", methods=["GET", "POST"])
@require(*WRITERS)
def show(no: str) -> Any:
    """Fill in a draft."""
    view = _mine(no)
    if view.state != "draft":
        return redirect(url_for("records.show", no=no))
    form = Form(values=request.form if request.method == "POST" else as_form(view))
    differing: list[tuple[str, str, str, str]] = []
    if request.method == "POST":
        values, samples = from_form(request.form, Channel(view.channel))
        try:
            with unit_of_work(current_access()) as session:
                same_version(session, no)
                records.save(session, current_actor(), no, values=values, samples=samples)
            return redirect(url_for("field.show", no=no, done="record"), 303)
        except Stale as refusal:
            form.refused(refusal)
            differing = _differing(as_form(view), request.form)
        except Refusal as refusal:
            form.refused(refusal)
            form.faults = told(refusal.fields) or form.faults
    return _page(view, form, differing)


def _differing(theirs: Mapping[str, str], mine: Mapping[str, str]) -> list[Any]:
    return [
        (name, field_title(name), theirs.get(name, ""), mine[name])
        for name in mine
        if (name in BY_NAME or name.startswith("samples."))
        and theirs.get(name, "") != mine[name].strip()
        and not (name.endswith(".kind") and name not in theirs)
    ]


def _page(view: RecordView, form: Form, differing: list[Any]) -> Any:
    channel = Channel(view.channel)
    with read_only(current_access()) as session:
        problems = record_signing.open_problems(session, view)
    typed = [int(name.split(".")[1]) for name in form.values if name.startswith("samples.")]
    rows = min(max([len(view.samples), *(place + 1 for place in typed)]) + SPARE_ROWS, MOST_SAMPLES)
    counts = Counter(file.kind for file in view.attachments)
    page = render_template(
        "pages/field.html",
        title=_("Sampling record %(no)s", no=view.no),
        crumbs=[(_("Sampling records"), url_for("records.listing"))],
        crumb=view.no,
        view=view,
        form=form,
        differing=differing,
        groups=[
            (group, both((zh, en)), _fields(group, channel))
            for group, zh, en in GROUPS
            if fields_of(group, channel)
        ],
        rows=range(rows),
        kinds=[(kind.value, both(words)) for kind, words in KINDS.items()],
        evidence=[
            (kind.value, both(words), counts[kind.value]) for kind, words in EVIDENCE.items()
        ],
        shows=[(kind.value, both(words)) for kind, words in EVIDENCE.items()],
        purpose=both(PURPOSE_WORDS[view.purpose]),
        channel=both(CHANNEL_WORDS[view.channel]),
        problems=told(records.field_problems(problems)),
        facts=_facts_for_script(view),
    )
    return page, form.status


def _fields(group: str, channel: Channel) -> list[dict[str, Any]]:
    told_fields = []
    for field in fields_of(group, channel):
        kind, mode = INPUTS.get(field.kind, ("text", None))
        told_fields.append(
            {
                "name": field.name,
                "title": title_of(field),
                "kind": field.kind.value,
                "type": "tel" if field.name.endswith("_phone") else kind,
                "mode": mode,
                "needed": channel in field.needed,
                "choices": [(code, both((zh, en))) for code, zh, en in field.choices],
            }
        )
    return told_fields


def _facts_for_script(view: RecordView) -> dict[str, Any]:
    return {
        "no": view.no,
        "account": current_actor().account_id,
        "version": view.version,
        "values": as_form(view),
        "save": url_for("field.save", no=view.no),
        "words": {
            "server": _("Saved on the server"),
            "device": _("Saved on this device; the server gets it when the line is back"),
            "saving": _("Saving…"),
            "conflict": _("Somebody else changed the same fields; choose which stands"),
            "refused": _("Some fields cannot be read yet; the others are saved"),
            "signed_out": _("Saved on this device only: sign in again to save on the server"),
            "final": _("Saved on this device only: the record is no longer a draft"),
            "full": _("This device cannot keep the draft; do not leave the page"),
            "mine": _("Keep mine"),
            "theirs": _("Take theirs"),
            "restored": _("Restored from this device"),
        },
    }


@blueprint.route(f"{BASE}/<no>/draft.json", methods=["PUT"])
@require(*WRITERS)
def save(no: str) -> Any:
    """Keep what can be read of a draft; a draft changed meanwhile comes back, nothing is lost."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("values"), dict):
        raise BadRequest(_("Send JSON with version and values."))
    typed = {str(name): str(value or "") for name, value in body["values"].items()}
    view = _mine(no)
    values, samples = from_form(typed, Channel(view.channel))
    unread = cleaned(values)[1]
    if samples is not None:
        bad_samples = cleaned_samples(samples)[1]
        samples = None if bad_samples else samples
        unread = [*unread, *bad_samples]
    readable = {
        name: text for name, text in values.items() if name not in {p.field for p in unread}
    }
    with unit_of_work(current_access()) as session:
        row = queries.record_row(session, no, lock=True)
        if version_of(row) != body.get("version"):
            return _changed(queries.record_edition(session, no))
        row = records.save(session, current_actor(), no, values=readable, samples=samples)
        view = queries.record_edition(session, no)
        problems = record_signing.open_problems(session, view)
    return jsonify(
        version=view.version,
        values=as_form(view),
        refused=[_fault(each) for each in told(records.field_problems(unread))],
        open=len(problems),
    )


def _changed(view: RecordView) -> Response:
    answer = jsonify(version=view.version, values=as_form(view), state=view.state)
    answer.status_code = 412
    return answer


def _fault(fault: Fault) -> dict[str, str]:
    return {"field": fault.field, "words": fault.words}


@blueprint.route("/field/worker.js")
@public
def worker() -> Response:
    """The worker that shows an opened draft again without a line; it must lie above its pages."""
    answer: Response = current_app.send_static_file("js/field-worker.js")
    answer.headers["Cache-Control"] = "no-cache"
    return answer
