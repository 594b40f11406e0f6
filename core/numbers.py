"""Human numbers of records: a prefix, a year and a gap-free count."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base


class NumberSeries(Base):
    """The last number given in one series."""

    __tablename__ = "number_series"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


def next_number(session: Session, prefix: str, year: int) -> str:
    """The next number of a series, such as "CC-2026-0001".

    The row stays locked until the transaction ends: no gap, no repeat.
    """
    statement = (
        insert(NumberSeries)
        .values(prefix=prefix, year=year, last=1)
        .on_conflict_do_update(
            index_elements=["prefix", "year"], set_={"last": NumberSeries.last + 1}
        )
        .returning(NumberSeries.last)
    )
    last = session.execute(statement).scalar_one()
    return f"{prefix}-{year}-{last:04d}"
