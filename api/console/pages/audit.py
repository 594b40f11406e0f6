"""The audit log: who did what, on a hash chain that can be checked."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from api.auth import current_access, require
from core import journal
from core.actors import Role
from core.audit import STREAM
from core.journal import JournalEntry
from core.unit_of_work import read_only

blueprint = Blueprint("audit", __name__, url_prefix="/console/audit")

PAGE = 50


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
        entries=entries,
        checked=checked,
        broken=broken,
        older=entries[-1].sequence if len(entries) == PAGE else None,
    )
