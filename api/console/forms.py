"""Forms: what was typed, what is wrong with it, and the same words above and beside the field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from api.console.languages import problem_words, refusal_words
from core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Stale, Unauthenticated

STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (Invalid, 422),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Stale, 412),
)

# No exponent: 1e999999999 would be a number of a gigabyte.
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (a field's name, or nothing) and what."""

    field: str
    words: str


@dataclass(slots=True)
class Form:
    """What a visitor typed, and what was found wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    status: int = 200

    def text(self, name: str, title: str, *, required: bool = True) -> str:
        """A line of text; blanks around it do not count."""
        value = (self.values.get(name) or "").strip()
        if required and not value:
            self.wrong(name, _("“%(title)s” is not filled in.", title=title))
        return value

    def number(
        self,
        name: str,
        title: str,
        *,
        required: bool = True,
        least: int = 0,
        most: int | None = None,
    ) -> int | None:
        """A whole number within bounds."""
        value = self.text(name, title, required=required)
        if not value:
            return None
        if not value.isascii() or not value.lstrip("-").isdigit() or len(value) > 15:
            self.wrong(name, _("“%(title)s” is not a whole number; write digits.", title=title))
            return None
        number = int(value)
        if number < least:
            self.wrong(name, _("“%(title)s” must be at least %(least)s.", title=title, least=least))
            return None
        if most is not None and number > most:
            self.wrong(name, _("“%(title)s” must be at most %(most)s.", title=title, most=most))
            return None
        return number

    def amount(self, name: str, title: str, *, required: bool = True) -> Decimal | None:
        """An exact decimal number of at least zero."""
        value = self.text(name, title, required=required)
        if not value:
            return None
        if not _AMOUNT.fullmatch(value):
            self.wrong(name, _("“%(title)s” is not a number; write it like 12.5.", title=title))
            return None
        return Decimal(value)

    def day(self, name: str, title: str, *, required: bool = True) -> date | None:
        """A calendar day."""
        value = self.text(name, title, required=required)
        if not value:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.wrong(name, _("“%(title)s” is not a date; write it like 2026-11-18.", title=title))
            return None

    def choice(
        self, name: str, title: str, allowed: Iterable[str], *, required: bool = True
    ) -> str:
        """One of a few."""
        value = self.text(name, title, required=required)
        if value and value not in set(allowed):
            self.wrong(name, _("Choose “%(title)s” from the list.", title=title))
            return ""
        return value

    def wrong(self, name: str, words: str) -> None:
        """Say what is wrong with a field."""
        self.faults.append(Fault(name, words))
        self.status = 422

    def refused(self, error: Refusal) -> None:
        """Take over what a service refused: the fields where it names some, else the reason."""
        self.faults.extend(Fault(each.field, problem_words(each)) for each in error.fields)
        if not error.fields:
            self.faults.append(Fault("", refusal_words(error)))
        self.status = next((status for kind, status in STATUS if isinstance(error, kind)), 409)

    def refused_whole(self, error: Refusal) -> None:
        """Take over a refusal whose fields are not the form's own: the reason, then its details.

        What many of them have in common is told once, with all their names before it.
        """
        alike: dict[str, list[str]] = {}
        for each in error.fields:
            alike.setdefault(problem_words(each), []).append(each.field)
        self.refused(error)
        self.faults = [Fault("", refusal_words(error))]
        self.faults.extend(
            Fault("", f"{'、'.join(names)}：{words}") for words, names in alike.items()
        )

    def fault(self, name: str) -> str | None:
        """The words beside a field."""
        return next((each.words for each in self.faults if each.field == name), None)

    def value(self, name: str, default: Any = "") -> Any:
        """What to show in a field again."""
        found = self.values.get(name)
        return default if found is None else found

    @property
    def is_good(self) -> bool:
        """Nothing was found wrong so far."""
        return not self.faults
