"""What the address of a trace page asks: which lots, which way, how, and as known when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from api.console.forms import Form
from api.console.labels import label
from core.clock import CIVIL_ZONE, now
from core.errors import Refusal
from traceability.queries import ledger as queries
from traceability.service.reaching import Seed, Wish

DIRECTIONS = ("both", "backward", "forward")
CONTACTS = ("none", "station", "line")
KILL_STEPS = ("confirmed", "recorded", "none")
DATES = ("respected", "ignored")
MOST_LOTS = 50  # of a page; the API takes more
MOST_DEPTH = 1000
# Lots at holders followed with contact: nearly all of a city's goods meet sooner or later, and
# what is more than this says nothing and takes half a minute. The API follows more.
MOST_MET = 1000

Direction = Literal["both", "backward", "forward"]


@dataclass(frozen=True, slots=True)
class TraceQuestion:
    """One question, as both engines take it; ``longest`` is the most steps, None: the usual."""

    lot_ids: tuple[int, ...]
    direction: Direction = "both"
    dates: Literal["respected", "ignored"] = "respected"
    contact: Literal["none", "station", "line"] = "none"
    kill_steps: Literal["confirmed", "recorded", "none"] = "confirmed"
    as_of: datetime | None = None
    longest: int | None = None

    @property
    def is_special(self) -> bool:
        """Whether anything but lots and direction is asked otherwise than usual."""
        return bool(set(self.address) - {"lot_id", "direction"})

    @property
    def wish(self) -> Wish:
        """The same for the engine of large answers, which knows no contact."""
        return Wish(
            seeds=tuple(Seed(lot_id) for lot_id in sorted(set(self.lot_ids))),
            direction=self.direction,
            dates=self.dates,
            as_of=self.as_of,
            max_depth=self.longest,
        )

    @property
    def arguments(self) -> dict[str, Any]:
        """For `traceability.service.tracing.trace`, beside the lots."""
        asked: dict[str, Any] = {
            "direction": self.direction,
            "dates": self.dates,
            "contact": self.contact,
            "kill_steps": self.kill_steps,
            "as_of": self.as_of,
        }
        if self.longest:
            asked["max_depth"] = self.longest
        if self.contact != "none":
            asked["max_nodes"] = MOST_MET
        return asked

    @property
    def address(self) -> dict[str, Any]:
        """As parts of an address; what is usual is left out, but for the direction."""
        parts: dict[str, Any] = {"lot_id": list(self.lot_ids), "direction": self.direction}
        if self.dates != "respected":
            parts["dates"] = self.dates
        if self.contact != "none":
            parts["contact"] = self.contact
        if self.kill_steps != "confirmed":
            parts["kill_steps"] = self.kill_steps
        if self.as_of is not None:
            parts["as_of"] = self.as_of.astimezone(CIVIL_ZONE).replace(tzinfo=None).isoformat()
        if self.longest is not None:
            parts["steps"] = self.longest
        return parts

    @property
    def words(self) -> str:
        """What was asked beside the lots, in one line."""
        told = [
            label("direction", self.direction),
            _("order of time respected")
            if self.dates == "respected"
            else label("dates", "ignored"),
        ]
        if self.contact != "none":
            told += [label("contact", self.contact), label("kill_steps", self.kill_steps)]
        if self.longest is not None:
            told.append(_("at most %(steps)s steps", steps=self.longest))
        return " · ".join(told)


def asked(session: Session, given: MultiDict[str, str], form: Form) -> TraceQuestion | None:
    """The question of an address; None, with the reasons in the form, where it is none.

    Lots are told by ``lot_id`` or, where people type them, by their number as ``lot``, each as
    often as wanted.
    """
    lot_ids = _lots(session, given, form)
    facts: dict[str, Any] = {
        "direction": _choice(form, "direction", _("Direction"), DIRECTIONS),
        "dates": _choice(form, "dates", _("Order of time"), DATES),
        "contact": _choice(form, "contact", _("Contact between lots"), CONTACTS),
        "kill_steps": _choice(form, "kill_steps", _("Steps that end contact"), KILL_STEPS),
        "as_of": _moment(form, given.get("as_of", ""), _("As known at")),
        "longest": form.number(
            "steps", _("Steps at most"), required=False, least=1, most=MOST_DEPTH
        ),
    }
    return TraceQuestion(lot_ids=lot_ids, **facts) if form.is_good and lot_ids else None


def _lots(session: Session, given: MultiDict[str, str], form: Form) -> tuple[int, ...]:
    found: list[int] = []
    numbers = [each.strip() for each in given.getlist("lot") if each.strip()]
    ids = [each for each in given.getlist("lot_id") if each]
    if len(numbers) + len(ids) > MOST_LOTS:
        form.wrong("lot", _("At most %(most)s lots can be asked about here.", most=MOST_LOTS))
        return ()
    try:
        for each in ids:
            known = each.isascii() and each.isdigit() and len(each) < 19
            # A number typed by hand may look like an id: what is none is looked for by number.
            view = (
                queries.lot_view(session, int(each))
                if known
                else queries.lot_by_number(session, each)
            )
            found.append(view.lot_id)
        found += [queries.lot_by_number(session, each).lot_id for each in numbers]
    except Refusal as refusal:
        form.refused(refusal)
        return ()
    return tuple(dict.fromkeys(found))


def _choice(form: Form, name: str, title: str, allowed: tuple[str, ...]) -> str:
    return form.choice(name, title, allowed, required=False) or allowed[0]


def _moment(form: Form, value: str, title: str) -> datetime | None:
    """A moment in China, as a browser's field or a link of our own writes it; never to come."""
    name, value = "as_of", value.strip()
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
        at = at.replace(tzinfo=CIVIL_ZONE) if at.tzinfo is None else at
        at.timestamp()  # a year that no clock has
    except (ValueError, OverflowError):
        form.wrong(
            name, _("“%(title)s” is not a time; write it like 2026-11-18T09:00.", title=title)
        )
        return None
    if at > now():
        form.wrong(name, _("“%(title)s” has not come yet; leave it empty for now.", title=title))
        return None
    return at


def field_values(given: Mapping[str, str]) -> dict[str, str]:
    """What the fields of the form show again: no lot, and a moment as a browser's field takes it.

    A lot that was added stands among the lots asked about; the field waits for the next one.
    """
    values = {name: value for name, value in given.items() if name != "lot"}
    if values.get("as_of"):
        values["as_of"] = values["as_of"][:19]
    return values


def options(question: TraceQuestion) -> dict[str, Any]:
    """What the form of the question needs in a template, beside the form and the lots."""

    def without(lot_id: int) -> str:
        rest = [each for each in question.lot_ids if each != lot_id]
        return url_for("trace.show", **(question.address | {"lot_id": rest}))

    def choices_of(family: str, codes: list[str]) -> list[tuple[str, str]]:
        return [(code, label(family, code)) for code in codes]

    return {
        "question": question,
        "directions": DIRECTIONS,
        "without": without,
        "choices_of": choices_of,
    }
