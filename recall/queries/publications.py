"""What is published of recalls, and whether an item in somebody's hands is affected.

Only the public scope reads these rows: signed in or not, use ``PUBLIC_ACCESS``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, Text, cast, exists, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from recall.errors import RecallUnknown, TooManyItems
from recall.maths.affected import Answer, Item, judge
from recall.maths.labels import fold, marks_of, marks_of_notice, marks_to_ask
from recall.maths.lifecycle import State
from recall.maths.notice import NoticeText
from recall.models import Recall, RecallNotice

MOST_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class PublicRecall:
    """A published recall as anyone reads it."""

    id: int
    number: str
    state: str
    void_reason: str | None
    published_at: datetime
    edition: int
    sha256: str
    text: NoticeText
    version: int


def published(
    *, q: str = "", gtin: str = "", lot: str = "", brand: str = "", model: str = ""
) -> Select[Recall]:
    """Select published recalls, newest first; `public_views` turns a page of them into views.

    Parameters
    ----------
    q : str
        Words; each must occur somewhere in the notice.
    gtin, lot, brand, model : str
        Exact, in the form in which labels are compared.
    """
    conditions = [
        RecallNotice.search_text.contains(fold(word), autoescape=True) for word in q.split()
    ]
    if marks := marks_of(gtin=gtin, brand=brand, model=model, lot=lot):
        conditions.append(RecallNotice.marks.contains(sorted(marks)))
    return _with_notice(*conditions).order_by(Recall.announced_at.desc(), Recall.id.desc())


def public_views(session: Session, rows: Sequence[Recall]) -> list[PublicRecall]:
    """Views of a page of `published`, each with the latest edition of its notice."""
    found = session.execute(
        select(RecallNotice)
        .where(RecallNotice.recall_id.in_([row.id for row in rows]))
        .order_by(RecallNotice.edition)
    ).scalars()
    latest = {notice.recall_id: notice for notice in found}
    return [_public_view(row, latest[row.id]) for row in rows]


def public_recall(session: Session, number: str) -> PublicRecall:
    """One published recall.

    Raises
    ------
    RecallUnknown
        No such recall, or it is not yet public.
    """
    row = session.execute(published().where(Recall.number == number)).scalar_one_or_none()
    if row is None:
        raise RecallUnknown(number=number)
    return public_views(session, [row])[0]


def search_public(
    session: Session, *, q: str = "", gtin: str = "", lot: str = "", limit: int = 20
) -> list[PublicRecall]:
    """Published recalls that fit words, a GTIN or a lot number, newest first."""
    rows = session.execute(published(q=q, gtin=gtin, lot=lot).limit(limit)).scalars().all()
    return public_views(session, rows)


def check_items(session: Session, items: Sequence[Item]) -> list[Answer]:
    """Is each of these items affected by a published recall?

    Raises
    ------
    TooManyItems
        More than `MOST_ITEMS` at once.
    """
    if len(items) > MOST_ITEMS:
        raise TooManyItems(given=len(items), limit=MOST_ITEMS)
    marks = {one for item in items for one in _marks(item)}
    if not marks:
        return [judge(item, ()) for item in items]
    statement = _with_notice(
        Recall.state != State.VOIDED.value,
        RecallNotice.marks.bool_op("?|")(cast(sorted(marks), ARRAY(Text))),
    )
    rows = session.execute(statement.order_by(Recall.id)).scalars().all()
    by_mark: dict[str, list[NoticeText]] = {}
    for view in public_views(session, rows):
        for one in marks_of_notice(view.text):
            by_mark.setdefault(one, []).append(view.text)
    return [judge(item, _candidates(item, by_mark)) for item in items]


def _marks(item: Item) -> set[str]:
    return marks_to_ask(gtin=item.gtin, brand=item.brand, model=item.model, lot=item.lot)


def _candidates(item: Item, by_mark: dict[str, list[NoticeText]]) -> list[NoticeText]:
    """Notices that share a mark with the item, each once, oldest first."""
    found = {text.number: text for one in _marks(item) for text in by_mark.get(one, ())}
    return [found[number] for number in sorted(found)]


def _with_notice(*conditions: ColumnElement[bool]) -> Select[Recall]:
    """Announced recalls whose latest notice fits every condition."""
    newer = aliased(RecallNotice)
    superseded = exists().where(
        newer.recall_id == RecallNotice.recall_id, newer.edition > RecallNotice.edition
    )
    return (
        select(Recall)
        .join(RecallNotice, RecallNotice.recall_id == Recall.id)
        .where(Recall.announced_at.is_not(None), ~superseded, *conditions)
    )


def _public_view(recall: Recall, notice: RecallNotice) -> PublicRecall:
    return PublicRecall(
        id=recall.id,
        number=recall.number,
        state=recall.state,
        void_reason=recall.void_reason,
        published_at=notice.published_at,
        edition=notice.edition,
        sha256=notice.sha256,
        text=NoticeText.read(notice.document),
        version=recall.version,
    )
