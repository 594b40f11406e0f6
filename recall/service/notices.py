"""The public notice: shown before, checked, approved by a leader, published."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core import outbox
from core.actors import Actor
from core.clock import now
from core.errors import FieldProblem
from recall.errors import NoticeNotFit, NotThisState, ScopePending
from recall.events import NoticePublished
from recall.maths.labels import fold, marks_of_notice, search_text
from recall.maths.lifecycle import Action
from recall.maths.notice import NoticeItem, NoticeProblem, NoticeText, lint
from recall.models import DefectCase, Recall, RecallNotice
from recall.queries import files
from recall.service.moves import judge_move, locked, make_move
from registry.models import Enterprise
from traceability.maths.units import UNITS


def preview_notice(session: Session, number: str) -> tuple[NoticeText, tuple[NoticeProblem, ...]]:
    """The notice as it would be published now, and what would still keep it back.

    Raises
    ------
    RecallUnknown, NotThisState
    """
    text = _compose(session, files.recall_row(session, number))
    return text, lint(text)


def publish_notice(
    session: Session, actor: Actor, number: str, *, expected_version: int | None = None
) -> RecallNotice:
    """A leader approves the notice and everyone can read it from now on.

    Raises
    ------
    RecallUnknown, NotThisParty, NotThisState, ScopePending, NoticeNotFit, Stale
    """
    recall = locked(session, actor, number, expected_version)
    judge_move(actor, recall, Action.ANNOUNCE, {"notice": number})
    if recall.scope_pending:
        raise ScopePending(number=number)
    text = _compose(session, recall)
    if problems := lint(text):
        raise NoticeNotFit(
            number=number,
            count=len(problems),
            fields=[FieldProblem(one.field, one.message, {"word": one.word}) for one in problems],
        )
    published_at = now()
    notice = RecallNotice(
        recall_id=recall.id,
        enterprise_id=recall.enterprise_id,
        edition=1,
        document=text.document(),
        sha256=text.sha256(),
        search_text=search_text(text),
        marks=sorted(marks_of_notice(text)),
        published_at=published_at,
        approved_by=actor.account_id,
    )
    session.add(notice)
    recall.announced_at = published_at
    make_move(session, actor, recall, Action.ANNOUNCE, {"notice": notice.sha256})
    outbox.add(session, NoticePublished(recall_id=recall.id, number=number, edition=1))
    return notice


def _compose(session: Session, recall: Recall) -> NoticeText:
    plan = files.latest_plan(session, recall.id)
    if plan is None:
        raise NotThisState(number=recall.number, state=recall.state, action=Action.ANNOUNCE.value)
    case = session.get_one(DefectCase, recall.case_id)
    scope = files.latest_scope(session, recall.id)
    lots = {(recall.gtin, recall.product, recall.lot_no)}
    # Lots that others made from it are in the scope, but it is for their makers to recall them.
    lots |= {
        (line.gtin, line.product, line.lot_no)
        for line in files.lines(session, scope.id)
        if line.maker_id == recall.enterprise_id and fold(line.lot_no) != fold(recall.lot_no)
    }
    items = sorted(lots, key=lambda lot: (lot[0] or "", lot[1], lot[2]))
    produced = scope.balance["produced"]
    known = produced["low"] is not None and produced["low"] == produced["high"]
    return NoticeText(
        number=recall.number,
        enterprise=session.get_one(Enterprise, recall.enterprise_id).name,
        product=recall.product,
        brand=recall.brand,
        model=recall.model,
        items=tuple(NoticeItem(*item) for item in items),
        quantity=produced["high"] if known else "",
        unit=UNITS[scope.unit].title if known else "",
        defect=case.defect,
        hazard=case.hazard,
        consequence=case.consequence,
        instruction=plan.instruction,
        remedies=tuple(plan.remedies),
        measures=plan.measures,
        contact=plan.contact,
        starts_on=plan.starts_on.isoformat(),
    )
