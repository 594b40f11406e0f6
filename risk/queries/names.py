"""Names and codes that the register knows."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.models import Category, Region


def region_names(session: Session, codes: set[str]) -> dict[str, str]:
    """Code → name of the regions the register knows; the newest name where it changed."""
    rows = session.execute(
        select(Region.code, Region.name).where(Region.code.in_(codes)).order_by(Region.valid_from)
    ).all()
    return dict(rows)


def category_names(session: Session, codes: set[str]) -> dict[str, str]:
    """Code → name of the categories the register knows."""
    rows = session.execute(
        select(Category.code, Category.name).where(Category.code.in_(codes))
    ).all()
    return dict(rows)
