"""What every page has: language, theme, header, menu, and the words of refusals."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, g, request, url_for
from flask_babel import format_datetime, gettext
from markupsafe import Markup
from sqlalchemy import func, select

from api.auth import csrf_token, current_access, current_actor
from api.console import assets, labels, languages
from api.console.citing import cited, cited_rule
from api.console.figures import die
from api.reference import VERSION
from core.actors import STAFF, Role
from core.clock import CIVIL_ZONE
from core.outbox import JobRun, RunState
from core.unit_of_work import read_only
from registry import service

METHODS = "draw-v1, farrington-flexible/1, trace-2"
THEMES = ("light", "dark")
DONE = "done"  # query parameter that a page redirects with after a change

LEADS = frozenset({Role.LEAD_INSPECTOR, Role.ADMINISTRATOR})
ANALYSTS = frozenset({Role.RISK_ANALYST, Role.ADMINISTRATOR})
EVERYONE = STAFF | {Role.ENTERPRISE}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    title: str
    address: str
    is_current: bool
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """A heading of the menu and its lines."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a page."""

    authority: str | None
    is_demo: bool
    running: int
    menu: tuple[Group, ...] = ()
    public_menu: tuple[Entry, ...] = ()
    version: str = VERSION
    methods: str = METHODS
    data_through: datetime | None = None
    waiting: dict[str, int] = field(default_factory=dict)


# Heading → (msgid, endpoint, who may). A page that is not built yet is left out by its endpoint.
_MENU: tuple[tuple[str, tuple[tuple[str, str, frozenset[Role]], ...]], ...] = (
    (
        "Risk warning",
        (
            ("Overview", "home.overview", STAFF),
            ("Warnings", "warnings.listing", ANALYSTS | LEADS),
            ("Trace", "trace.show", STAFF),
            ("Watched traces", "watches_pages.listing", STAFF),
            ("Common source", "sources_pages.show", STAFF),
            ("Enterprise profiles", "enterprises.listing", STAFF),
        ),
    ),
    (
        "Supervision sampling",
        (
            ("Annual plans", "annual.listing", STAFF),
            ("Plans and draws", "plans.listing", STAFF),
            ("Tasks", "tasks.listing", frozenset({Role.INSPECTOR}) | LEADS),
            ("Sampling records", "records.listing", STAFF),
            ("Contracts and notices", "agencies.listing", STAFF),
            ("Publication", "results.listing", STAFF),
            ("Acceptance sampling", "acceptance_pages.show", STAFF),
            ("Supervision cases", "cases.listing", EVERYONE),
            ("Rapid tests", "rapid.listing", frozenset({Role.INSPECTOR}) | LEADS),
        ),
    ),
    (
        "Enterprise reports",
        (
            ("To do", "my.todo", frozenset({Role.ENTERPRISE})),
            ("My recalls", "my.recalls", frozenset({Role.ENTERPRISE})),
            ("Flow ledger", "ledger.listing", EVERYONE),
            ("Mass balance", "balances_pages.show", EVERYONE),
        ),
    ),
    ("Recall management", (("Recalls", "recalls.listing", STAFF),)),
    (
        "System",
        (
            ("Imports", "imports_pages.listing", LEADS | ANALYSTS),
            ("Jobs", "system.jobs", STAFF),
            ("Audit log", "audit.listing", frozenset({Role.ADMINISTRATOR})),
        ),
    ),
)
_PUBLIC_MENU = (
    ("Search", "public.home"),
    ("Recalls", "public.recalls"),
    ("Draws", "verify.listing"),
    ("Draw log", "draw_log.show"),
    ("Disclosure", "published.overview"),
)


def _entry(title: str, endpoint: str, waiting: int = 0) -> Entry | None:
    if endpoint not in current_app.view_functions:
        return None
    here = (request.endpoint or "").split(".")[0]
    mine = endpoint.split(".")[0]
    current = request.endpoint == endpoint or (here == mine and here not in ("my", "public"))
    return Entry(gettext(title), url_for(endpoint), current, waiting)


def _menu(role: Role, waiting: dict[str, int]) -> tuple[Group, ...]:
    groups = []
    for title, lines in _MENU:
        entries = [
            entry
            for words, endpoint, allowed in lines
            if role in allowed and (entry := _entry(words, endpoint, waiting.get(endpoint, 0)))
        ]
        if entries:
            groups.append(Group(gettext(title), tuple(entries)))
    return tuple(groups)


def shell() -> Shell:
    """The frame of the page at hand; read once per request."""
    if "shell" not in g:
        g.shell = _read()
    found: Shell = g.shell
    return found


def _read() -> Shell:
    from api.console.waiting import data_through, waiting_for

    actor = current_actor()
    public_menu = tuple(
        entry for words, endpoint in _PUBLIC_MENU if (entry := _entry(words, endpoint))
    )
    with read_only() as session:
        is_demo = service.is_demo(session)
        running = 0
        if actor.is_staff:
            running = session.execute(
                select(func.count()).select_from(JobRun).where(JobRun.state == RunState.RUNNING)
            ).scalar_one()
    with read_only(current_access()) as session:
        waiting = waiting_for(session, actor)
        through = data_through(session)
    return Shell(
        authority=os.environ.get("ZHIHENG_AUTHORITY")
        or (gettext("Market Supervision Bureau of an invented city") if is_demo else None),
        is_demo=is_demo,
        running=running,
        menu=_menu(actor.role, waiting),
        public_menu=public_menu,
        data_through=through,
        waiting=waiting,
    )


def theme() -> str | None:
    """The theme a visitor chose; None follows the system."""
    for given in (request.args.get("theme"), request.cookies.get("theme")):
        if given in THEMES:
            return given
    return None


def here(**changes: Any) -> str:
    """The address of this page with some of its query changed; None takes a part away."""
    query = request.args.to_dict(flat=False)
    query.pop(DONE, None)
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = [str(value)]
    path = request.path
    if request.method == "POST" and request.url_rule is not None:
        # A refused form is shown at the address it was sent to; the page itself lies above it.
        methods = request.url_rule.methods or set()
        path = path if "GET" in methods else path.rsplit("/", 1)[0]
    return path + ("?" + urlencode(query, doseq=True) if query else "")


def done_words() -> str:
    """What was just done, where the address says so; nothing for a code that is not known."""
    code = request.args.get(DONE, "")
    return labels.label("done", code) if code in labels.LABELS["done"] else ""


def first_page() -> str:
    """The first page of whoever is asking."""
    role = current_actor().role
    if role is Role.ENTERPRISE:
        return url_for("my.todo")
    return url_for("home.overview" if role in STAFF else "public.home")


def csrf_field() -> Markup:
    """The hidden field of every form that changes something."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(csrf_token())


def moment(instant: datetime | None) -> str:
    """A date and a time of day in China."""
    if instant is None:
        return "—"
    return str(format_datetime(instant, "yyyy-MM-dd HH:mm"))


def day(value: date | datetime | None) -> str:
    """A calendar day in China."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = value.astimezone(CIVIL_ZONE).date()
    return value.isoformat()


def number(value: Decimal | float | None) -> str:
    """A number with groups of three digits; trailing zeros of a decimal are left out."""
    if value is None:
        return "—"
    if isinstance(value, Decimal):
        value = value.normalize()
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as a percentage."""
    return "—" if value is None else f"{100 * value:.{digits}f}%"


def json_block(value: Any) -> Markup:
    """JSON that may stand inside a script element of type application/json."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(safe)  # noqa: S704 - no character that HTML reads is left in it


def anchor(name: str) -> str:
    """A field's name as the id of an element."""
    return re.sub(r"[^\w-]+", "-", name)


def install(app: Flask) -> None:
    """Give templates their words, filters and the shell."""
    languages.install(app)
    assets.install(app)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        moment=moment,
        day=day,
        number=number,
        percent=percent,
        json_block=json_block,
        anchor=anchor,
        said=languages.said,
        cited=cited,
        cited_rule=cited_rule,
        label_remedy=lambda code: labels.label("remedy", code),
    )
    app.jinja_env.globals.update(
        label=labels.label,
        tone=labels.tone,
        level_class=labels.level_class,
        language=languages.language,
        language_tag=languages.language_tag,
        languages=languages.LANGUAGES,
        here=here,
        csrf_field=csrf_field,
        done_words=done_words,
        first_page=first_page,
        dots=die,
    )
    app.context_processor(lambda: {"shell": shell(), "theme": theme()})
