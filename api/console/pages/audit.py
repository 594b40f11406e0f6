"""The audit log: who did what, on a hash chain that can be checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from api.auth import current_access, require
from api.console.labels import LABELS, label
from api.console.listing import EXTENSIONS, MOST_EXPORTED, Column, Filter, Listing
from api.console.pages.imports import KIND_WORDS, kind_words
from api.console.shell import here
from core import journal
from core.actors import Role
from core.audit import STREAM
from core.journal import JournalEntry
from core.unit_of_work import read_only
from registry.queries import account_names

blueprint = Blueprint("audit", __name__)

BASE = "/console/audit"
PAGE = 50
SUBJECT = JournalEntry.body["subject"].astext
ROLE = JournalEntry.body["role"].astext
PAGES = {"signal": "warnings.show", "plan": "plans.show", "recall": "recalls.show"}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as people read it."""

    sequence: int
    at: datetime
    kind: str
    subject: str
    role: str
    name: str | None
    request: str | None
    hash: str
    address: str | None


class AuditListing(Listing):
    """A list whose files hold every entry that fits, whatever part of it is on the page."""

    def as_file(self, extension: str) -> str:
        """The address of the file."""
        query = here(page=None, view=None, before=None, check=None).partition("?")[2]
        return url_for("audit.listing", extension=extension) + (f"?{query}" if query else "")


def act_words(kind: str) -> str:
    """What was done, in words."""
    domain, _dot, rest = kind.partition(".")
    if domain == "import":
        return str(_("file imported: %(kind)s", kind=kind_words(rest)))
    return label("act", kind)


def _columns() -> list[Column]:
    return [
        Column("sequence", _("No."), lambda row: row.sequence, "number", sortable=False),
        Column("at", _("Time"), lambda row: row.at, "moment", sortable=False),
        Column(
            "act",
            _("Act"),
            lambda row: act_words(row.kind),
            under=lambda row: row.kind,
            sortable=False,
        ),
        Column("kind", _("Code of the act"), lambda row: row.kind, sortable=False, shown=False),
        Column(
            "about",
            _("Subject"),
            lambda row: row.subject if len(row.subject) <= 40 else f"{row.subject[:16]}…",
            link=lambda row: row.address,
            sortable=False,
        ),
        Column(
            "subject", _("Subject in full"), lambda row: row.subject, sortable=False, shown=False
        ),
        Column(
            "by",
            _("By"),
            lambda row: row.name or label("role", row.role),
            under=lambda row: label("role", row.role) if row.name else None,
            sortable=False,
        ),
        Column("request", _("Request"), lambda row: row.request, "code", sortable=False),
        Column("hash", _("Hash"), lambda row: row.hash, "ticket", sortable=False),
    ]


def _filters() -> list[Filter]:
    acts = [(code, label("act", code)) for code in LABELS["act"]]
    files = [(f"import.{name}", act_words(f"import.{name}")) for name in KIND_WORDS]
    return [
        Filter("act", _("Act"), [*acts, *files]),
        Filter(
            "role",
            _("By"),
            [(code, label("role", code)) for code in LABELS["role"] if code != Role.PUBLIC],
        ),
        Filter("subject", _("Subject")),
    ]


def _statement(listing: Listing) -> Select[JournalEntry]:
    statement = select(JournalEntry).where(JournalEntry.stream == STREAM)
    if listing.chosen("act"):
        statement = statement.where(JournalEntry.kind == listing.chosen("act"))
    if listing.chosen("role"):
        statement = statement.where(listing.chosen("role") == ROLE)
    if listing.chosen("subject"):
        wanted = listing.chosen("subject").lower()
        statement = statement.where(func.lower(SUBJECT).contains(wanted, autoescape=True))
    return statement


def _lines(entries: Sequence[JournalEntry]) -> list[Line]:
    numbers = {entry.body.get("account_id") for entry in entries}
    with read_only() as session:  # requests themselves may not read accounts
        names = account_names(session, {number for number in numbers if number is not None})
    return [
        Line(
            sequence=entry.sequence,
            at=entry.recorded_at,
            kind=entry.kind,
            subject=str(entry.body.get("subject", "")),
            role=str(entry.body.get("role", "")),
            name=names.get(entry.body.get("account_id") or 0),
            request=entry.body.get("request"),
            hash=bytes(entry.hash).hex(),
            address=_address(entry.kind, str(entry.body.get("subject", ""))),
        )
        for entry in entries
    ]


def _address(kind: str, subject: str) -> str | None:
    """The page of what an entry is about, where there is one."""
    endpoint = PAGES.get(kind.partition(".")[0])
    return url_for(endpoint, no=subject) if endpoint and subject and "/" not in subject else None


@blueprint.route(BASE, defaults={"extension": None})
@blueprint.route(f"{BASE}.{EXTENSIONS}")
@require(Role.ADMINISTRATOR)
def listing(extension: str | None) -> Any:
    """Entries, newest first; ``?before=`` goes back, ``?check=1`` recomputes the chain."""
    found = AuditListing(_columns(), _filters(), name="audit")
    before = None if extension else request.args.get("before", type=int)
    with read_only(current_access()) as session:
        statement = _statement(found)
        found.total = _count(session, statement)
        if before:
            statement = statement.where(JournalEntry.sequence < before)
        most = MOST_EXPORTED if extension or found.is_whole else PAGE
        entries = list(
            session.execute(statement.order_by(JournalEntry.sequence.desc()).limit(most)).scalars()
        )
        checked = not extension and request.args.get("check") == "1"
        broken = journal.first_broken(session, STREAM) if checked else None
    found.rows = _lines(entries)
    if extension:
        return found.file(extension)
    return render_template(
        "pages/audit.html",
        title=_("Audit log"),
        listing=found,
        checked=checked,
        broken=broken,
        before=before,
        older=entries[-1].sequence if len(entries) == PAGE else None,
    )


def _count(session: Session, statement: Select[JournalEntry]) -> int:
    return session.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
