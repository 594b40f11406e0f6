"""Lists: filter, sort, columns and page in the address, and the same rows as JSON, CSV and XLSX.

A page says which columns and filters its list has and gives rows; everything a visitor can do
with them is alike everywhere. Rows come whole, or as a statement that is paged by the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from io import BytesIO
from typing import Any

from flask import Response, jsonify, request, send_file
from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from api.auth import current_actor
from api.console.labels import LEVEL_CLASSES, label
from api.console.shell import day, here, moment, number, percent
from core.clock import now
from core.workbooks import write_csv, write_xlsx

EXTENSIONS = "<any(json, csv, xlsx):extension>"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PER_PAGE = 20
MOST_EXPORTED = 100_000
OWN_NAMES = ("sort", "page", "cols", "view", "lang", "theme")

Views = Callable[[Session, list[Any]], list[Any]]


# Columns of numbers such as CC-2026-0005: one word, never broken at its hyphens.
NUMBERS = ("no", "plan", "plan_no", "record", "case")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    value : callable
        Row → what is sorted and exported.
    kind : str
        How it is shown: text, word (never broken), number, day, moment, percent, code, level,
        grade, "state:FAMILY" or "label:FAMILY".
    link, under : callable, optional
        Row → an address, and a second line in small print.
    order : str, optional
        Attribute of the entity to sort by where the database sorts.
    """

    name: str
    title: str
    value: Callable[[Any], Any]
    kind: str = "text"
    link: Callable[[Any], str | None] | None = None
    under: Callable[[Any], str | None] | None = None
    order: str | None = None
    sortable: bool = True
    shown: bool = True

    @property
    def css(self) -> str:
        """Class of the cells."""
        if self.kind in ("number", "percent"):
            return "num"
        is_word = self.kind in ("day", "moment", "word") or self.name in NUMBERS
        return "nowrap" if is_word else ""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: free text, a choice, or (with ``pills``) a row of choices with their counts."""

    name: str
    title: str
    choices: Sequence[tuple[str, str]] | None = None
    pills: bool = False
    counts: dict[str, int] | None = None

    @property
    def total(self) -> int:
        """Of all choices together."""
        return sum((self.counts or {}).values())


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, ready to print."""

    title: str
    kind: str
    value: Any
    text: str
    link: str | None
    under: str | None
    css: str


@dataclass(slots=True)
class Listing:
    """A list as the address asks for it."""

    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    sort: str = ""
    name: str = "list"
    rows: Sequence[Any] = ()
    total: int = 0
    page: int = 1
    is_whole: bool = False
    shown: list[Column] = field(default_factory=list)

    def __post_init__(self) -> None:
        wanted = request.args.getlist("cols")
        self.shown = [c for c in self.columns if (c.name in wanted if wanted else c.shown)]
        self.shown = self.shown or list(self.columns)
        self.is_whole = request.args.get("view") == "all"
        self.page = max(1, request.args.get("page", 1, type=int))
        given = request.args.get("sort", "")
        if any(c.name == given.lstrip("-") and c.sortable for c in self.columns):
            self.sort = given

    # ---- rows ------------------------------------------------------------------------------

    def fill(self, rows: Sequence[Any]) -> Listing:
        """Take rows that are all here: sort them and keep the page that is asked for."""
        column = self._sorting()
        if column is not None:
            known = [row for row in rows if column.value(row) is not None]
            unknown = [row for row in rows if column.value(row) is None]
            known.sort(key=lambda row: _rank(column, row), reverse=self.sort.startswith("-"))
            rows = [*known, *unknown]
        self.total = len(rows)
        self.rows = rows if self._wants_all() else self._part(rows)
        return self

    def fill_select(
        self, session: Session, statement: Select[Any], views: Views | None = None
    ) -> Listing:
        """Take the page that is asked for from the database."""
        entity = statement.column_descriptions[0]["entity"]
        self.total = session.execute(
            select(func.count()).select_from(statement.order_by(None).subquery())
        ).scalar_one()
        column = self._sorting()
        key = getattr(entity, (column.order if column else None) or "id")
        down = self.sort.startswith("-")
        part = statement.order_by(None).order_by(
            key.desc().nulls_last() if down else key.asc().nulls_last(),
            entity.id.desc() if down else entity.id,
        )
        if self._wants_all():
            part = part.limit(MOST_EXPORTED)
        else:
            self.page = min(self.page, self.pages)
            part = part.limit(PER_PAGE).offset((self.page - 1) * PER_PAGE)
        found = list(session.execute(part).scalars())
        self.rows = views(session, found) if views else found
        return self

    def _sorting(self) -> Column | None:
        return next((c for c in self.columns if c.name == self.sort.lstrip("-")), None)

    def _wants_all(self) -> bool:
        return self.is_whole or "." in request.path.rsplit("/", 1)[-1]

    def _part(self, rows: Sequence[Any]) -> Sequence[Any]:
        self.page = min(self.page, self.pages)
        return rows[(self.page - 1) * PER_PAGE : self.page * PER_PAGE]

    def cells(self, row: Any) -> list[Cell]:
        """The cells of a row."""
        return [
            Cell(
                str(column.title),
                column.kind,
                column.value(row),
                text_of(column.kind, column.value(row)),
                column.link(row) if column.link else None,
                column.under(row) if column.under else None,
                column.css,
            )
            for column in self.shown
        ]

    # ---- what stands in the address ----------------------------------------------------------

    def chosen(self, name: str) -> str:
        """What a filter is set to; empty where it is not set."""
        return request.args.get(name, "").strip()

    @property
    def is_filtered(self) -> bool:
        """True where a filter is set."""
        return any(self.chosen(each.name) for each in self.filters)

    @property
    def filter_words(self) -> str:
        """The filters that are set, in words."""
        told = []
        for each in self.filters:
            value = self.chosen(each.name)
            if value:
                told.append(str(dict(each.choices or ()).get(value, value)))
        return " · ".join(told)

    @property
    def has_fields(self) -> bool:
        """True where some filter is a field of the form."""
        return any(not each.pills for each in self.filters)

    def with_filter(self, name: str, value: str) -> str:
        """The address with one filter set or taken away."""
        return here(**{name: value or None, "page": None})

    def unfiltered(self) -> str:
        """The address without any filter."""
        return here(**dict.fromkeys([each.name for each in self.filters]), page=None)

    def kept(self) -> list[tuple[str, str]]:
        """What the form of filters must carry along."""
        names = {"sort", *(each.name for each in self.filters if each.pills)}
        return [(name, value) for name, value in request.args.items() if name in names and value]

    def sort_of(self, column: Column) -> str | None:
        """How the list is sorted by a column, as ``aria-sort`` says it."""
        if self.sort.lstrip("-") != column.name:
            return None
        return "descending" if self.sort.startswith("-") else "ascending"

    def sorted_by(self, column: Column) -> str:
        """The address that sorts by a column; a second press turns the order round."""
        turned = f"-{column.name}" if self.sort == column.name else column.name
        return here(sort=turned, page=None)

    def to_page(self, wanted: int) -> str:
        """The address of a page."""
        return here(page=wanted if wanted > 1 else None)

    def whole(self) -> str:
        """The address of all rows, for paper."""
        return here(view="all", page=None)

    def as_file(self, extension: str) -> str:
        """The address of the same rows as a file."""
        address = here(page=None, view=None)
        path, mark, query = address.partition("?")
        return f"{path.rstrip('/')}.{extension}{mark}{query}"

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // PER_PAGE))

    @property
    def first(self) -> int:
        """How many rows stand before this page."""
        return 0 if self.is_whole else (self.page - 1) * PER_PAGE

    @property
    def page_numbers(self) -> list[int | None]:
        """Pages to offer; None stands for a gap."""
        near = {1, self.pages, *range(self.page - 2, self.page + 3)}
        numbers: list[int | None] = []
        last = 0
        for each in sorted(one for one in near if 1 <= one <= self.pages):
            if each > last + 1:
                numbers.append(None)
            numbers.append(each)
            last = each
        return numbers

    @property
    def position(self) -> str:
        """Which rows these are."""
        if self.is_whole or self.pages == 1:
            return str(_("%(total)s in all", total=number(self.total)))
        first = (self.page - 1) * PER_PAGE + 1
        words = _(
            "%(first)s–%(last)s of %(total)s",
            first=first,
            last=first + len(self.rows) - 1,
            total=number(self.total),
        )
        return str(words)

    @property
    def printed(self) -> str:
        """The line on paper: filter, time, who."""
        words = _(
            "Filter: %(filter)s · %(total)s rows · %(moment)s · %(name)s",
            filter=self.filter_words or _("none"),
            total=number(self.total),
            moment=moment(now()),
            name=current_actor().name,
        )
        return str(words)

    # ---- files -------------------------------------------------------------------------------

    def file(self, extension: str) -> Response:
        """The same rows as a file; what the list does not know in the address is refused."""
        known = {*OWN_NAMES, *(each.name for each in self.filters)}
        unknown = sorted(set(request.args) - known)
        if unknown:
            raise BadRequest(_("Unknown query parameter: %(names)s", names=", ".join(unknown)))
        if extension == "json":
            items = [{c.name: _plain(c.value(row)) for c in self.columns} for row in self.rows]
            chosen = {f.name: self.chosen(f.name) for f in self.filters if self.chosen(f.name)}
            return jsonify(items=items, total=self.total, filter=chosen)
        header = [str(column.title) for column in self.columns]
        rows = [
            [_exported(column, column.value(row)) for column in self.columns] for row in self.rows
        ]
        if extension == "csv":
            content, media_type = write_csv(header, rows), "text/csv"
        else:
            about = [
                [_("Filter"), self.filter_words or _("none")],
                [_("Rows"), self.total],
                [_("Time"), moment(now())],
                [_("Asked for by"), current_actor().name],
            ]
            content = write_xlsx(
                [(_("Rows"), header, rows), (_("About"), [_("What"), _("Value")], about)]
            )
            media_type = XLSX
        return send_file(
            BytesIO(content),
            mimetype=media_type,
            as_attachment=True,
            download_name=f"{self.name}.{extension}",
        )


def text_of(kind: str, value: Any) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return "—"
    if kind == "number":
        return number(value)
    if kind == "day":
        return day(value)
    if kind == "moment":
        return moment(value)
    if kind == "percent":
        return percent(value)
    family = {"level": "level", "grade": ""}.get(kind, kind.partition(":")[2])
    return label(family, value) if family else str(value)


def _rank(column: Column, row: Any) -> Any:
    value = column.value(row)
    if column.kind == "level":
        return -list(LEVEL_CLASSES).index(value) if value in LEVEL_CLASSES else -9
    return value.value if isinstance(value, Enum) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _exported(column: Column, value: Any) -> Any:
    if value is None or (isinstance(value, int | float) and column.kind == "number"):
        return value
    return text_of(column.kind, value)
