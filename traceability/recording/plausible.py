"""What the rows of a file make of their lots, told before anything is stored for good."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from core.clock import now
from core.imports import Report
from traceability.maths.answer import FindingKind
from traceability.maths.weighing import weigh_lots
from traceability.queries.ledger import parties
from traceability.queries.neighbourhood import rows_of_lots

# More lots than that are weighed by the job that follows the file.
MOST_LOTS = 500

TOLD = {
    FindingKind.NEGATIVE_STOCK: "lots with more out than in",
    FindingKind.YIELD_ABOVE_ONE: "lots with more made than went in",
    FindingKind.SHIPPED_RECEIVED_DIFFER: "lots shipped and received in different amounts",
}


def count_oddities(session: Session, lot_ids: Iterable[int], report: Report) -> None:
    """Count the lots of a file whose figures cannot be right, with what was known before.

    A ledger is partial, so these rows are not refused: what is missing may come with the next
    file. The findings themselves are kept once the file is stored.
    """
    wanted = sorted(set(lot_ids))
    if not wanted or len(wanted) > MOST_LOTS:
        return
    rows = rows_of_lots(session, wanted, now())
    known = parties(session, {p for e in rows.events for p in (e.source, e.target) if p})
    weighed = weigh_lots(
        rows.events,
        rows.uses,
        wanted,
        unlisted=frozenset(p for p, view in known.items() if view.kind == "unlisted"),
        unread=rows.unread,
    )
    for kind, words in TOLD.items():
        odd = {each.lot_id for each in weighed.findings if each.kind is kind}
        if odd:
            report.counts[words] += len(odd)
