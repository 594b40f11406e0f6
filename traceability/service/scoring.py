"""FoodChain-Lab's scores over the ledgers: for comparison, not as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.clock import now
from traceability.errors import FutureRecordTime, SeedsDoNotFit, TooManySeeds
from traceability.maths.answer import LotView, PartyView
from traceability.maths.contact import Scope
from traceability.maths.finding_scores import Counting, WeightedFinding, score_findings
from traceability.maths.network import Dates
from traceability.queries.control import Counted, check_lines, kills_at
from traceability.queries.ledger import lot_view, lots, parties
from traceability.queries.neighbourhood import neighbourhood

MOST_FINDINGS = 1000
MOST_NODES = 200_000
MOST_STEPS = 1000


@dataclass(frozen=True, slots=True)
class LotScore:
    """A lot and the share of the findings ahead of it."""

    lot: LotView
    score: float


@dataclass(frozen=True, slots=True)
class PartyScore:
    """A holder, the share of the findings ahead of it, and whether all are."""

    party: PartyView
    score: float
    is_common_link: bool


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Scores, the highest first.

    Attributes
    ----------
    as_of : datetime
        Record time of the rows read.
    truncated_because : str | None
        The bound that cut the answer.
    """

    findings: tuple[WeightedFinding, ...]
    counting: str
    contact: str
    as_of: datetime
    lots: tuple[LotScore, ...]
    parties: tuple[PartyScore, ...]
    truncated_because: str | None


def score(
    session: Session,
    findings: Sequence[WeightedFinding],
    *,
    counting: Counting = "weight",
    as_of: datetime | None = None,
    dates: Dates = "respected",
    contact: Scope = "none",
    kill_steps: Counted = "confirmed",
) -> ScoreTable:
    """Show what share of several findings lies ahead of each lot and each holder.

    Raises
    ------
    LotUnknown, FutureRecordTime, NoLineKnown
    SeedsDoNotFit
        Without a finding.
    TooManySeeds
    """
    if not findings:
        raise SeedsDoNotFit(lots=0, parties=0)
    if len(findings) > MOST_FINDINGS:
        raise TooManySeeds(most=MOST_FINDINGS, value=len(findings))
    at = as_of or now()
    if at > now():
        raise FutureRecordTime(as_of=at.isoformat())
    for each in findings:
        lot_view(session, each.lot)
    rows = neighbourhood(
        session,
        sorted({each.lot for each in findings}),
        forward=False,
        backward=True,
        as_of=at,
        max_depth=MOST_STEPS,
        max_nodes=MOST_NODES,
        beside=contact != "none",
        timeless=dates == "ignored",
    )
    check_lines(contact, rows)
    known = parties(session, {p for e in rows.events for p in (e.source, e.target) if p})
    found = score_findings(
        rows.events,
        rows.uses,
        findings,
        counting=counting,
        dates=dates,
        contact=contact,
        kills=kills_at(session, known, at, kill_steps) if contact != "none" else (),
        unlisted=frozenset(each for each, view in known.items() if view.kind == "unlisted"),
        unread=rows.unread,
    )
    known |= parties(session, set(found.stations) - set(known))
    views = lots(session, found.lots)
    links = set(found.common_links)
    return ScoreTable(
        findings=found.findings,
        counting=counting,
        contact=contact,
        as_of=at,
        lots=tuple(
            sorted(
                (LotScore(views[each], value) for each, value in found.lots.items()),
                key=lambda s: (-s.score, s.lot.number, s.lot.lot_id),
            )
        ),
        parties=tuple(
            sorted(
                (
                    PartyScore(known[each], value, each in links)
                    for each, value in found.stations.items()
                ),
                key=lambda s: (-s.score, s.party.code or "", s.party.party_id),
            )
        ),
        truncated_because=rows.truncated_because,
    )
