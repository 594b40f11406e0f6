"""The roster of a plan in columns: read in, kept in blocks, and found again."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import journal
from core.db import binary_rows, copy_rows
from core.journal import JournalEntry
from core.progress import Progress, silent
from registry.queries import RosterUnit
from sampling.errors import CodeUnusable
from sampling.maths import details
from sampling.maths.columns import (
    BLOCK,
    FrameColumns,
    Kind,
    decoded,
    encoded,
    frame_order,
)
from sampling.maths.details import Detail
from sampling.maths.spread import ahead
from sampling.models.frames import FrameBlock, FrameNames
from sampling.models.plans import FrameUnit as FrameRow
from sampling.models.plans import Plan

STREAM: Final = "frame"  # the journal of what is kept about rosters
KEPT: Final = "frame.kept"
UNIT_COLUMNS: Final = (
    "plan_id",
    "code",
    "enterprise_id",
    "name",
    "stratum",
    "category_code",
    "region_code",
    "grade",
    "risk_tier",
    "recused",
    "odds_num",
    "odds_den",
    "chance",
)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The roster of a plan: who may be drawn, and who was left out for which reason."""

    columns: FrameColumns
    details: details.Details
    exclusions: tuple[tuple[str, str], ...]  # (code in the draw, reason)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def sizes(self) -> Counter[str]:
        """Units by stratum."""
        return Counter(self.columns.sizes())

    @property
    def category_codes(self) -> set[str]:
        """The categories that occur."""
        return {kind.category for kind in self.columns.kinds if kind.category}

    @property
    def region_codes(self) -> set[str]:
        """The regions that occur."""
        return {kind.region for kind in self.columns.kinds if kind.region}

    @property
    def units(self) -> Iterator[tuple[str, str, RosterUnit]]:
        """Each unit as (code in the draw, stratum, enterprise), in frame order.

        Made as they are asked for: a million of them at once are most of a gigabyte.
        """
        for row, code in enumerate(self.columns.codes.tolist()):
            kind = self.columns.kinds[self.columns.kind[row]]
            said = self.details.at(row)
            text = code.decode("ascii")
            scheme, _, bare = text.rpartition(":")
            yield (
                text,
                kind.stratum,
                RosterUnit(
                    enterprise_id=said.enterprise_id,
                    code_scheme=scheme or "uscc",
                    code=bare,
                    name=said.name,
                    region_code=kind.region or None,
                    category_code=kind.category or None,
                    grade=said.grade,
                    risk_tier=said.risk_tier,
                    status="active",
                ),
            )

    def codes_of(self, enterprise_ids: Collection[int]) -> dict[int, str]:
        """The codes of those among some enterprises that are in the roster."""
        if not enterprise_ids:
            return {}
        wanted = np.fromiter(enterprise_ids, dtype=np.int64)
        rows = np.flatnonzero(np.isin(self.details.enterprise_ids, wanted)).tolist()
        return {int(self.details.enterprise_ids[row]): self.columns.code(row) for row in rows}


class Reading:
    """A roster while it is read: what units share is kept once."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.names: list[str] = []
        self.ids = array("q")
        self.kind = array("I")
        self.group = array("I")
        self.kinds: dict[tuple[str, str, str], int] = {}
        self.groups: dict[tuple[str | None, str | None], int] = {}

    def __len__(self) -> int:
        return len(self.codes)

    def add(self, code: str, stratum: str, unit: RosterUnit) -> None:
        """Take one enterprise in."""
        kind = (stratum, unit.category_code or "", unit.region_code or "")
        group = (unit.grade, unit.risk_tier)
        self.codes.append(code)
        self.names.append(unit.name)
        self.ids.append(unit.enterprise_id)
        self.kind.append(self.kinds.setdefault(kind, len(self.kinds)))
        self.group.append(self.groups.setdefault(group, len(self.groups)))

    def frame(self, exclusions: Iterable[tuple[str, str]]) -> Frame:
        """All of them, in frame order.

        Raises
        ------
        CodeUnusable
            A code cannot take part in a draw.
        """
        try:
            codes, order = frame_order(self.codes)
        except ValueError as error:
            bad = next(code for code in self.codes if repr(code) in str(error))
            raise CodeUnusable(unit_code=bad, reason=str(error)) from None
        columns = FrameColumns(
            codes=codes,
            kind=np.frombuffer(self.kind, dtype=np.uint32)[order],
            kinds=tuple(Kind(*each) for each in self.kinds),
            # Nothing is hidden yet; zeros that take no memory.
            recused=np.broadcast_to(np.zeros((1, 32), dtype=np.uint8), (len(codes), 32)),
        )
        return Frame(
            columns=columns,
            details=details.Details(
                enterprise_ids=np.frombuffer(self.ids, dtype=np.int64)[order],
                names=[self.names[row] for row in order.tolist()],
                group=np.frombuffer(self.group, dtype=np.uint32)[order],
                groups=tuple(self.groups),
            ),
            exclusions=tuple(exclusions),
        )


def store_blocks(
    session: Session,
    plan: Plan,
    frame: Frame,
    roots: Sequence[bytes],
    *,
    progress: Progress = silent,
) -> None:
    """Keep a frozen roster, a block at a time, and note the hash of these bytes in a journal."""
    columns, count = frame.columns, frame.columns.blocks
    hashes = []

    def bytes_of(number: int) -> tuple[int, bytes, bytes, bytes]:
        block = columns.block(number)
        content = encoded(block)
        part = frame.details.part(number * BLOCK, (number + 1) * BLOCK)
        return len(block), content, hashlib.sha256(content).digest(), part.encoded()

    for number, (size, content, digest, names) in enumerate(ahead(count, bytes_of)):
        progress("store", number, count)
        hashes.append(digest)
        kept = (plan.id, number, size, roots[number], content)
        copy_rows(session, FrameBlock, ("plan_id", "number", "size", "root", "content"), [kept])
        named = (plan.id, number, names)
        copy_rows(session, FrameNames, ("plan_id", "number", "content"), [named])
    journal.append(session, STREAM, KEPT, {"no": plan.no, "blocks": _noted(hashes, roots)})


def _noted(hashes: Sequence[bytes], roots: Sequence[bytes]) -> str:
    """What the journal says about the blocks of a roster."""
    return hashlib.sha256(b"".join([*hashes, *roots])).hexdigest()


def stored_frame(session: Session, plan: Plan) -> tuple[FrameColumns, tuple[bytes, ...]]:
    """The frozen roster and the roots of its blocks, if they are still those that were frozen.

    The bytes were hashed in the moment in which the roots were computed, and the journal, which
    nobody may change, has that hash. So they need not be made leaf by leaf again; who verifies
    from outside does that.

    Raises
    ------
    ValueError
        If a block is not what was stored, or is missing.
    """
    rows = binary_rows(
        session,
        select(FrameBlock.content, FrameBlock.root)
        .where(FrameBlock.plan_id == plan.id)
        .order_by(FrameBlock.number),
    )
    contents = [content for content, _ in rows]
    roots = tuple(root for _, root in rows)
    entries = session.execute(
        select(JournalEntry).where(
            JournalEntry.stream == STREAM,
            JournalEntry.kind == KEPT,
            JournalEntry.body["no"].as_string() == plan.no,
        )
    ).scalars()
    found = _noted([hashlib.sha256(content).digest() for content in contents], roots)
    if not any(entry.body["blocks"] == found and journal.is_sound(entry) for entry in entries):
        raise ValueError(f"blocks {found}")
    return decoded(contents), roots


def stored_columns(session: Session, plan: Plan) -> FrameColumns:
    """The frozen roster, from its blocks.

    Raises
    ------
    ValueError
        If a block is damaged.
    """
    kept = select(FrameBlock.content).where(FrameBlock.plan_id == plan.id)
    return decoded(
        [content for (content,) in binary_rows(session, kept.order_by(FrameBlock.number))]
    )


def stored_roots(session: Session, plan: Plan) -> tuple[bytes, ...]:
    """The roots of the blocks, in order."""
    found = session.execute(
        select(FrameBlock.root).where(FrameBlock.plan_id == plan.id).order_by(FrameBlock.number)
    ).scalars()
    return tuple(bytes(root) for root in found)


def stored_details(session: Session, plan: Plan, rows: Iterable[int]) -> dict[int, Detail]:
    """Who the units in some rows of the roster were; a block at a time."""
    by_block: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        by_block[row // BLOCK].append(row)
    found = {}
    for number, wanted in sorted(by_block.items()):
        ((content,),) = binary_rows(
            session,
            select(FrameNames.content).where(
                FrameNames.plan_id == plan.id, FrameNames.number == number
            ),
        )
        block = details.decoded(content)
        found.update({row: block.at(row % BLOCK) for row in wanted})
    return found


def store_units(
    session: Session,
    plan: Plan,
    columns: FrameColumns,
    rows: Iterable[int],
    detail_at: Callable[[int], Detail],
) -> None:
    """Write out some units of the roster, for other rows to refer to; the rest stay in blocks."""
    known = set(session.execute(select(FrameRow.code).where(FrameRow.plan_id == plan.id)).scalars())

    def values() -> Iterator[tuple[Any, ...]]:
        for row in rows:
            unit, detail = columns.unit(row), detail_at(row)
            if unit.code not in known:
                yield (
                    plan.id,
                    unit.code,
                    detail.enterprise_id,
                    detail.name,
                    unit.stratum,
                    unit.category,
                    unit.region,
                    detail.grade,
                    detail.risk_tier,
                    unit.recused,
                    unit.odds_num,
                    unit.odds_den,
                    unit.chance,
                )

    copy_rows(session, FrameRow, UNIT_COLUMNS, values())
