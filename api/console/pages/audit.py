"""The audit log: who did what, on a hash chain that can be checked."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from api.auth import current_access, require
from api.console.labels import label
from api.imports import KINDS
from core import journal
from core.actors import Role
from core.audit import STREAM
from core.journal import JournalEntry
from core.unit_of_work import read_only
from traceability.imports import LEDGER

blueprint = Blueprint("audit", __name__, url_prefix="/console/audit")

PAGE = 50


def act_words(kind: str) -> str:
    """What was done, in words."""
    domain, _dot, rest = kind.partition(".")
    if domain == "import":
        known = {**KINDS, LEDGER.name: LEDGER}.get(rest)
        return str(_("file imported: %(kind)s", kind=known.title if known else rest))
    return label("act", kind)


@blueprint.route("")
@require(Role.ADMINISTRATOR)
def listing() -> str:
    """Entries, newest first; ``?before=`` goes back, ``?check=1`` recomputes the chain."""
    before = request.args.get("before", type=int)
    with read_only(current_access()) as session:
        statement = select(JournalEntry).where(JournalEntry.stream == STREAM)
        if before:
            statement = statement.where(JournalEntry.sequence < before)
        entries = list(
            session.execute(statement.order_by(JournalEntry.sequence.desc()).limit(PAGE)).scalars()
        )
        checked = request.args.get("check") == "1"
        broken = journal.first_broken(session, STREAM) if checked else None
    return render_template(
        "pages/audit.html",
        title=_("Audit log"),
        entries=[(entry, act_words(entry.kind)) for entry in entries],
        checked=checked,
        broken=broken,
        older=entries[-1].sequence if len(entries) == PAGE else None,
    )
