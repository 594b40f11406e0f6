"""The whole frozen roster of a plan: `frame_unit` has rows for some of its units only."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from sampling.maths import columns, details
from sampling.maths.columns import FrameColumns
from sampling.maths.details import Details
from sampling.models.frames import FrameBlock, FrameNames


def roster_blocks(session: Session, plan_id: int) -> Iterator[tuple[FrameColumns, Details]]:
    """The units of a roster in frame order, a block at a time: what was committed, and who it was.

    Raises
    ------
    ValueError
        If a block is damaged.
    """
    numbers = session.execute(
        select(FrameBlock.number).where(FrameBlock.plan_id == plan_id).order_by(FrameBlock.number)
    ).scalars()
    for number in numbers.all():
        content, named = session.execute(
            select(FrameBlock.content, FrameNames.content)
            .join(
                FrameNames,
                and_(
                    FrameNames.plan_id == FrameBlock.plan_id,
                    FrameNames.number == FrameBlock.number,
                ),
            )
            .where(FrameBlock.plan_id == plan_id, FrameBlock.number == number)
        ).one()
        yield columns.decoded([bytes(content)]), details.decoded(bytes(named))
