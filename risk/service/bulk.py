"""Many rows at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from core.db import Base
from core.progress import Progress, silent

BATCH = 5000


def insert_new(
    session: Session,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    progress: Progress = silent,
) -> int:
    """Insert rows whose key is not there yet; returns how many were.

    All rows must name the same columns. One array per column: 10 times faster than a list of
    values, whose thousands of placeholders the driver would have to read.
    """
    names = list(rows[0]) if rows else []
    columns = model.__table__.c
    added = 0
    for start in range(0, len(rows), BATCH):
        progress("store", start, len(rows))
        part = rows[start : start + BATCH]
        arrays = [
            func.unnest(
                bindparam(None, [row[name] for row in part], type_=ARRAY(columns[name].type))
            ).label(name)
            for name in names
        ]
        statement = (
            insert(model)
            .from_select(names, select(*arrays))
            .on_conflict_do_nothing(index_elements=list(key))
            .execution_options(preserve_rowcount=True)
        )
        # A cursor's count of rows; the generic result type does not know it.
        added += session.execute(statement).rowcount  # type: ignore[attr-defined]
    progress("store", len(rows), len(rows))
    return added
