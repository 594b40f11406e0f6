"""The demo city in one call: everything from a seed and a day, and nothing else.

Same seed and day, same records, as long as numpy keeps its distributions. Each part draws from a
stream of its own, so a change in one leaves the others as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from runtime.demo import history, incidents, ledger, people, register, story
from runtime.demo.catalogue import categories
from runtime.demo.records import (
    CategoryRecord,
    EnterpriseRecord,
    IncidentRecord,
    InspectionRecord,
    LaboratoryRecord,
    MovementRecord,
    PersonRecord,
    PlaceRecord,
    ProductRecord,
    RecusalRecord,
)

SEED = 711
NOTICE = "演示数据：地区、企业、人员、产品与编码均为虚构"


@dataclass(frozen=True, slots=True)
class City:
    """All records of the demo, each list in a fixed order."""

    seed: int
    as_of: date
    places: tuple[PlaceRecord, ...]
    categories: tuple[CategoryRecord, ...]
    enterprises: tuple[EnterpriseRecord, ...]
    products: tuple[ProductRecord, ...]
    people: tuple[PersonRecord, ...]
    recusals: tuple[RecusalRecord, ...]
    laboratories: tuple[LaboratoryRecord, ...]
    inspections: tuple[InspectionRecord, ...]
    incidents: tuple[IncidentRecord, ...]
    movements: tuple[MovementRecord, ...]
    story: story.Story

    @property
    def years(self) -> float:
        """Length of the history of inspections and incidents."""
        return 7 * incidents.WEEKS / 365.25


def build_city(seed: int, as_of: date) -> City:
    """Generate the demo city as it stands on a day.

    Parameters
    ----------
    seed : int
        Decides everything that is left to chance.
    as_of : date
        Today; histories end with the last whole ISO week before it.
    """
    streams = [
        np.random.Generator(np.random.PCG64(child))
        for child in np.random.SeedSequence(seed).spawn(7)
    ]
    end = incidents.last_complete_week(as_of)
    risk = streams[0].standard_normal(register.ENTERPRISES)
    firms = register.enterprises(streams[1], as_of, risk)
    products = register.products(streams[2], firms)
    staff = people.inspectors(streams[3], as_of)
    laboratories = people.laboratories(as_of)
    planted = story.told(end, firms, products)
    reports = incidents.incidents(streams[4], as_of, products, story.SWELLS)
    moves = ledger.movements(streams[5], end, firms, products)
    moves += planted.movements
    moves.sort(key=lambda row: row.on)
    return City(
        seed=seed,
        as_of=as_of,
        places=register.places(),
        categories=categories(),
        enterprises=firms,
        products=products,
        people=staff,
        recusals=people.recusals(streams[3], as_of, staff, firms),
        laboratories=laboratories,
        inspections=history.inspections(
            streams[6],
            history.Register(firms, products, staff, laboratories),
            risk,
            incidents.first_monday(as_of),
            end,
        ),
        incidents=incidents.numbered([*reports, *planted.accidents]),
        movements=tuple(moves),
        story=planted,
    )
