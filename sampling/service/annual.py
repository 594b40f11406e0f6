"""Item lists, annual plans, schemes and rules: draft, approve, publish, amend; never in silence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from core import audit, journal, outbox
from core.actors import Actor
from core.chain import canonical_json
from core.clock import now, today
from core.errors import FieldProblem, Unauthenticated
from core.numbers import next_number
from registry.errors import RuleNotInForce
from registry.queries import rule_on
from sampling.errors import (
    AnotherPersonNeeded,
    NotOnTheList,
    PaperInvalid,
    PaperStateForbids,
    PaperUnknown,
    RowUnknown,
    StateForbids,
)
from sampling.events import PaperPublished
from sampling.maths.documents import PREFIXES, Kind, PaperState, read_paper
from sampling.models.plans import Plan, PlanState
from sampling.models.publication import Paper, PlanAnnualRow
from sampling.queries.papers import is_listed, newest_edition, paper_in_force
from sampling.queries.plans import plan_by_no

STREAM = "publication"  # one journal chain for all that is made public
PACK = "CN-DRAW"
RULE_LISTED = "draw.item-required"
FIRST_YEAR, LAST_YEAR = 2000, 2100


def draft_paper(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    year: int,
    title: str,
    authority: str,
    body: Mapping[str, Any],
) -> Paper:
    """Put a paper on record, as the draft of its first edition; nothing is public yet.

    Parameters
    ----------
    body : mapping
        As `sampling.maths.documents.read_paper` takes it.

    Raises
    ------
    PaperInvalid
        A field cannot be meant like this.
    """
    which = _kind(kind)
    document = _checked(session, which, year, title, authority, body)
    paper = Paper(
        no=next_number(session, PREFIXES[which], year),
        edition=1,
        kind=which.value,
        year=year,
        title=title.strip(),
        authority=authority.strip(),
        body=document,
        reason=None,
        state=PaperState.DRAFT,
        drafted_by=_person(actor),
        drafted_at=now(),
    )
    session.add(paper)
    session.flush()  # the caller wants its version
    audit.record(session, actor, "paper.drafted", paper.no, {"kind": paper.kind})
    return paper


def revise_paper(
    session: Session,
    actor: Actor,
    no: str,
    *,
    title: str,
    authority: str,
    body: Mapping[str, Any],
) -> Paper:
    """Change a draft; whoever changes it last counts as its author.

    Raises
    ------
    PaperStateForbids
        The edition is approved or published.
    PaperInvalid, PaperUnknown
    """
    paper = newest_edition(session, no, lock=True)
    _refuse_state(paper, PaperState.DRAFT)
    paper.body = _checked(session, Kind(paper.kind), paper.year, title, authority, body)
    paper.title, paper.authority = title.strip(), authority.strip()
    paper.drafted_by, paper.drafted_at = _person(actor), now()
    session.flush()
    audit.record(session, actor, "paper.revised", no, {"edition": paper.edition})
    return paper


def approve_paper(session: Session, actor: Actor, no: str) -> Paper:
    """Approve a draft that somebody else wrote.

    Raises
    ------
    AnotherPersonNeeded
        The draft is the actor's own.
    PaperStateForbids, PaperUnknown
    """
    paper = newest_edition(session, no, lock=True)
    _refuse_state(paper, PaperState.DRAFT)
    if paper.drafted_by == _person(actor):
        raise AnotherPersonNeeded(no=no)
    paper.state = PaperState.APPROVED
    paper.approved_by, paper.approved_at = actor.account_id, now()
    session.flush()
    audit.record(session, actor, "paper.approved", no, {"edition": paper.edition})
    return paper


def reopen_paper(session: Session, actor: Actor, no: str) -> Paper:
    """Make an approved edition a draft again, so that it can be changed and approved anew.

    Raises
    ------
    PaperStateForbids, PaperUnknown
    """
    paper = newest_edition(session, no, lock=True)
    _refuse_state(paper, PaperState.APPROVED)
    paper.state, paper.approved_by, paper.approved_at = PaperState.DRAFT, None, None
    session.flush()
    audit.record(session, actor, "paper.reopened", no, {"edition": paper.edition})
    return paper


def publish_paper(session: Session, actor: Actor, no: str) -> Paper:
    """Let everybody read an approved edition; its hash goes on the journal.

    Raises
    ------
    PaperStateForbids, PaperUnknown
    """
    paper = newest_edition(session, no, lock=True)
    _refuse_state(paper, PaperState.APPROVED)
    content = canonical_json(public_bytes_of(paper))
    paper.sha256 = hashlib.sha256(content).hexdigest()
    body = {"no": no, "edition": paper.edition, "kind": paper.kind, "sha256": paper.sha256}
    entry = journal.append(session, STREAM, "paper-published", body)
    paper.journal_sequence = entry.sequence
    paper.state, paper.published_at = PaperState.PUBLISHED, now()
    paper.published_by = actor.account_id
    session.flush()
    audit.record(session, actor, "paper.published", no, body)
    outbox.add(session, PaperPublished(no=no, edition=paper.edition, sha256=paper.sha256))
    return paper


def amend_paper(session: Session, actor: Actor, no: str, *, reason: str) -> Paper:
    """Open the next edition of a published paper as a draft, with the reason that is published.

    Raises
    ------
    PaperStateForbids
        The newest edition is not published yet.
    PaperInvalid
        There is no reason.
    """
    before = newest_edition(session, no, lock=True)
    _refuse_state(before, PaperState.PUBLISHED)
    if not reason.strip():
        problem = FieldProblem("reason", "Say why the paper is amended; everybody will read it.")
        raise PaperInvalid(fields=[problem])
    paper = Paper(
        no=no,
        edition=before.edition + 1,
        kind=before.kind,
        year=before.year,
        title=before.title,
        authority=before.authority,
        body=before.body,
        reason=reason.strip(),
        state=PaperState.DRAFT,
        drafted_by=_person(actor),
        drafted_at=now(),
    )
    session.add(paper)
    session.flush()  # the caller wants its version
    audit.record(session, actor, "paper.amended", no, {"edition": paper.edition})
    return paper


def link_plan(
    session: Session, actor: Actor, plan_no: str, *, paper_no: str, row_key: str
) -> PlanAnnualRow:
    """Say which row of a published annual plan a plan carries out, before its roster is locked.

    Raises
    ------
    StateForbids
        The plan is not a draft any more.
    PaperUnknown, RowUnknown
        There is no such published annual plan, or no such row in it.
    """
    plan = plan_by_no(session, plan_no, lock=True)
    if plan.state != PlanState.DRAFT:
        raise StateForbids(plan_no=plan_no, state=plan.state, needed=PlanState.DRAFT.value)
    annual = paper_in_force(session, paper_no, kind=Kind.ANNUAL_PLAN)
    keys = [row["key"] for row in annual.body["rows"]]
    if row_key not in keys:
        raise RowUnknown(no=paper_no, row_key=row_key, rows=", ".join(keys))
    link = session.get(PlanAnnualRow, plan.id)
    if link is None:
        link = PlanAnnualRow(plan_id=plan.id)
        session.add(link)
    link.paper_no, link.row_key = paper_no, row_key
    link.linked_by, link.linked_at = _person(actor), now()
    session.flush()
    audit.record(session, actor, "plan.row-named", plan_no, {"paper": paper_no, "row": row_key})
    return link


def is_listing_demanded(session: Session) -> bool:
    """True where the rule pack in force refuses a plan without an item on the list."""
    try:
        return rule_on(session, PACK, RULE_LISTED, today()).value == "refuse"
    except RuleNotInForce:
        return False


def refuse_unlisted(session: Session, plan: Plan) -> None:
    """Refuse a plan whose matter stands on no list, where the rule pack says so.

    Raises
    ------
    NotOnTheList
        No item on the list, no check.
    """
    if is_listing_demanded(session) and not is_listed(session, plan):
        raise NotOnTheList(plan_no=plan.no)


def public_bytes_of(paper: Paper) -> dict[str, Any]:
    """What an edition says to everybody: the document whose canonical bytes are hashed."""
    return {
        "no": paper.no,
        "edition": paper.edition,
        "kind": paper.kind,
        "year": paper.year,
        "title": paper.title,
        "authority": paper.authority,
        "reason": paper.reason,
        "body": paper.body,
    }


def _kind(kind: str) -> Kind:
    if kind not in list(Kind):
        problem = FieldProblem("kind", "Write one of {allowed}.", {"allowed": ", ".join(Kind)})
        raise PaperInvalid(fields=[problem])
    return Kind(kind)


def _checked(
    session: Session,
    kind: Kind,
    year: int,
    title: str,
    authority: str,
    body: Mapping[str, Any],
) -> dict[str, Any]:
    problems = []
    if not FIRST_YEAR <= year <= LAST_YEAR:
        facts = {"least": FIRST_YEAR, "most": LAST_YEAR, "got": year}
        problems.append(FieldProblem("year", "A year from {least} to {most}, got {got}.", facts))
        year = min(max(year, FIRST_YEAR), LAST_YEAR)
    if not title.strip():
        problems.append(FieldProblem("title", "Give the paper a title."))
    if not authority.strip():
        problems.append(FieldProblem("authority", "Say which authority issues the paper."))
    document, found = read_paper(kind, body, year=year)
    problems += [FieldProblem(one.field, one.message, dict(one.facts)) for one in found]
    problems += _reference_problems(session, document)
    if problems:
        raise PaperInvalid(fields=problems)
    return document


# Field of a paper → the kind of paper it names.
REFERENCES = {
    "item_list": Kind.ITEM_LIST,
    "annual_plan": Kind.ANNUAL_PLAN,
    "scheme": Kind.SCHEME,
}


def _reference_problems(session: Session, document: Mapping[str, Any]) -> list[FieldProblem]:
    """Papers that are named must be published, and rows must name items that they hold."""
    problems = []
    for name, kind in REFERENCES.items():
        no = document.get(name)
        if no is None:
            continue
        try:
            named = paper_in_force(session, no, kind=kind)
        except PaperUnknown:
            problems.append(
                FieldProblem(
                    name, "{no} is not a published paper of the kind that belongs here.", {"no": no}
                )
            )
            continue
        if kind is Kind.ITEM_LIST:
            known = {item["key"] for item in named.body["rows"]}
            problems += [
                FieldProblem(
                    f"rows.{place}.item",
                    "Item {item} does not stand on list {no}.",
                    {"item": row["item"], "no": no},
                )
                for place, row in enumerate(document["rows"])
                if row.get("item") and row["item"] not in known
            ]
    return problems


def _refuse_state(paper: Paper, needed: PaperState) -> None:
    if paper.state != needed:
        raise PaperStateForbids(
            no=paper.no, edition=paper.edition, state=paper.state, needed=needed.value
        )


def _person(actor: Actor) -> int:
    if actor.account_id is None:
        raise Unauthenticated
    return actor.account_id
