"""A trace too large to be drawn or listed whole: totals, enterprises with counts, pages of rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_actor
from api.console.forms import Form
from api.console.labels import label
from api.console.shell import moment, number
from api.console.trace_question import TraceQuestion, options
from api.reachlines import ROWS_AT_ONCE
from api.tracesheets import day_or_time
from core.clock import now
from core.workbooks import safe_cell
from traceability.maths.amounts import plain
from traceability.maths.answer import LotView, Side
from traceability.queries.ledger import lots
from traceability.queries.reached import ReachedNode
from traceability.service.folding import Folded, fold, part_of
from traceability.service.reaching import Found, find_reach, named

# Lots at holders above which quantities are not worked out and the picture would say nothing.
LARGE = 2000
# What the engine with quantities takes when somebody insists.
MOST_WITH_QUANTITIES = 20_000
PAGE = 50
CARDS = 12


@dataclass(frozen=True, slots=True)
class Narrow:
    """The part of a large answer that is listed."""

    side: Side | None = None
    depth: int | None = None
    party_id: int | None = None
    page: int = 1

    @property
    def address(self) -> dict[str, Any]:
        """As parts of an address, without the page."""
        parts = {"side": self.side, "depth": self.depth, "party": self.party_id}
        return {name: value for name, value in parts.items() if value is not None}


def narrowed(form: Form) -> Narrow:
    """Which part of the answer the address wants listed."""
    side = form.choice("side", _("Side"), [each.value for each in Side], required=False)
    return Narrow(
        side=Side(side) if side else None,
        depth=form.number("depth", _("Steps"), required=False),
        party_id=form.number("party", _("Holder"), required=False, least=1),
        page=form.number("page", _("Page"), required=False, least=1, most=100_000) or 1,
    )


def _pinned(question: TraceQuestion) -> tuple[TraceQuestion, int | None]:
    """The question at the moment of its first page, as links to other pages carry it."""
    at, serial = request.args.get("at", ""), request.args.get("serial", "")
    if question.as_of is not None or not (at and serial.isascii() and serial.isdigit()):
        return question, None
    try:
        seen = datetime.fromisoformat(at)
    except ValueError:
        return question, None
    if seen.tzinfo is None or seen > now() or len(serial) > 15:
        return question, None
    return replace(question, as_of=seen), int(serial)


def large_page(session: Session, question: TraceQuestion, form: Form) -> str:
    """The page of a large trace."""
    narrow = narrowed(form)
    asked_at, serial = _pinned(question)
    found = find_reach(session, asked_at.wish, pinned=serial)
    folded = fold(session, found, most=CARDS)
    part = _part(found, folded, narrow)
    pages = max(1, -(-len(part.node) // PAGE))
    page = min(narrow.page, pages)
    rows = list(named(session, part, (page - 1) * PAGE, page * PAGE))
    views = lots(session, question.lot_ids)
    pins = {"at": found.as_of.isoformat(), "serial": found.serial}

    def address(**changes: Any) -> str:
        parts = question.address | pins | narrow.address | changes
        return url_for(
            "trace.show", **{name: value for name, value in parts.items() if value is not None}
        )

    return render_template(
        "pages/trace_large.html",
        title=_("Trace"),
        **options(question),
        form=form,
        engines=engine_words(found),
        seeds=[views[each] for each in question.lot_ids],
        found=found,
        folded=folded,
        narrow=narrow,
        narrow_words=_narrow_words(narrow, rows, folded),
        rows=rows,
        total=len(part.node),
        first=(page - 1) * PAGE,
        page=page,
        pages=pages,
        shown_pages=_shown_pages(page, pages),
        address=address,
        with_quantities=_with_quantities(question, found),
        files={
            extension: url_for(
                "trace.whole", extension=extension, **(question.address | narrow.address)
            )
            for extension in ("csv", "ndjson")
        },
        printed=printed_words(question, views.values(), len(part.node)),
    )


def _part(found: Found, folded: Folded, narrow: Narrow) -> Found:
    if not narrow.address:
        return found
    kept = part_of(found, folded, side=narrow.side, depth=narrow.depth, party_id=narrow.party_id)
    return replace(
        found,
        side=found.side[kept],
        node=found.node[kept],
        depth=found.depth[kept],
        since=found.since[kept],
        edge=found.edge[kept],
        before=found.before[kept],
    )


def _narrow_words(narrow: Narrow, rows: list[ReachedNode], folded: Folded) -> str:
    told = []
    if narrow.side is not None:
        told.append(label("side", narrow.side))
    if narrow.depth is not None:
        told.append(_("step %(depth)s", depth=narrow.depth))
    if narrow.party_id is not None:
        known = {c.party.party_id: c.party for tier in folded.tiers for c in tier.cards}
        known |= {row.party.party_id: row.party for row in rows}
        party = known.get(narrow.party_id)
        told.append((party and (party.name or party.code)) or _("Not written down"))
    return " · ".join(told)


def _shown_pages(page: int, pages: int) -> list[int | None]:
    """Numbers of pages to link to; None where some are left out."""
    near = sorted({1, pages, *range(max(1, page - 2), min(pages, page + 2) + 1)})
    shown: list[int | None] = []
    for each in near:
        last = shown[-1] if shown else None
        if last is not None and each > last + 1:
            shown.append(None)
        shown.append(each)
    return shown


def engine_words(found: Found) -> str:
    """Which engine answered, in words and by its own name."""
    names = ", ".join(dict.fromkeys(found.engines))
    if "csr" in names:
        return str(_("the snapshot in memory (%(names)s)", names=names))
    return str(_("the database (%(names)s)", names=names))


def _with_quantities(question: TraceQuestion, found: Found) -> str | None:
    """Where the same is answered with quantities, which takes its time; None beyond a size."""
    if found.truncated_because == "max_nodes" or len(found.node) > MOST_WITH_QUANTITIES:
        return None
    return url_for("trace.show", **question.address, quantities="yes")


def printed_words(question: TraceQuestion, seeds: Iterable[LotView], total: int) -> str:
    """The line on paper: what was asked, how much it is, when, and who printed it."""
    words = _(
        "Lots: %(lots)s · %(question)s · %(total)s rows · %(moment)s · %(name)s",
        lots=", ".join(f"{each.product_name} {each.number}" for each in seeds),
        question=question.words,
        total=number(total),
        moment=moment(now()),
        name=current_actor().name,
    )
    return str(words)


def whole_found(session: Session, question: TraceQuestion, narrow: Narrow) -> Found:
    """All rows that the page pages through."""
    found = find_reach(session, question.wish)
    return _part(found, fold(session, found, most=1), narrow) if narrow.address else found


_HEADER = (
    "Side", "Steps", "Lot", "Product", "GTIN", "Credit code", "Holder", "Since", "Evidence",
    "Kind", "Quantity", "Unit", "Ledger rows",
)  # fmt: skip


def csv_rows(session: Session, found: Found) -> Iterator[str]:
    """The rows as CSV, made as they are sent: memory does not grow with the answer."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")  # spreadsheet programs need it for Chinese
    writer.writerow([_(each) for each in _HEADER])
    for start in range(0, len(found.node), ROWS_AT_ONCE):
        for row in named(session, found, start, start + ROWS_AT_ONCE):
            writer.writerow([safe_cell(cell) for cell in _cells(row)])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    if found.truncated_because:
        writer.writerow([_("This answer is cut: %(bound)s", bound=found.truncated_because)])
    yield buffer.getvalue()


def _cells(row: ReachedNode) -> list[Any]:
    link = row.link
    return [
        label("side", row.side),
        row.depth,
        row.lot.number,
        row.lot.product_name,
        row.lot.gtin or "",
        row.party.code or "",
        row.party.name or _("Not written down"),
        day_or_time(row.since),
        label("link", link.state) if link else "",
        label("edge", link.kind) if link else "",
        plain(link.quantity) if link and link.quantity is not None else "",
        label("unit", link.unit) if link else "",
        " ".join(map(str, link.event_ids)) if link else "",
    ]
