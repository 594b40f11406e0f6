"""A series of lots under acceptance sampling that has gone over to tightened inspection."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core import meta
from core.actors import Role
from core.progress import Progress
from runtime.demo import days
from runtime.demo.accounts import actor
from runtime.demo.city import City
from sampling.service import lot_series

SERIES = "demo.story.lot-series"  # in core.meta: its number
# lot, days back, size, failing items found; two rejections among five lots tighten.
_LOTS = (
    ("DJ-2601", 84, 3200, 1),
    ("DJ-2602", 77, 3200, 6),
    ("DJ-2603", 70, 2800, 2),
    ("DJ-2604", 63, 3200, 4),
    ("DJ-2605", 56, 1200, 7),
    ("DJ-2606", 42, 3200, 2),
    ("DJ-2607", 28, 3200, 1),
)


def lots(session: Session, city: City, progress: Progress) -> None:
    """Lots of the capacitor maker, as its buyer's authority judged them one by one."""
    lead = actor(session, Role.LEAD_INSPECTOR)
    with days.on(city, _LOTS[0][1], 8):
        series = lot_series.open_series(
            session,
            lead,
            enterprise_code=city.story.firms["capacitor"].code,
            product="电解电容 400V 47μF（演示）",
            characteristic="耐压",
            aql=1.0,
            level="II",
        )
    for lot_no, back, size, found in _LOTS:
        with days.on(city, back, 14):
            lot_series.record_lot(
                session,
                lead,
                series.no,
                version=series.version,
                lot_no=lot_no,
                size=size,
                found=found,
                inspected_on=days.day(city, back),
                note="接收检验（演示）",
            )
    meta.put(session, SERIES, series.no)
    progress("lots", 1, 1)
