"""Inspectors, their ties, and laboratories of the demo city; people have numbers, not names."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from runtime.demo.catalogue import CHARGER, GOODS
from runtime.demo.names import CITIES
from runtime.demo.records import (
    EnterpriseRecord,
    LaboratoryRecord,
    PersonRecord,
    RecusalRecord,
)

INSPECTORS = 60
DEPARTMENTS = (
    ("CP", "产品质量监督科"),
    ("ZF1", "综合执法一科"),
    ("ZF2", "综合执法二科"),
    ("WL", "网络交易监管科"),
    ("XF", "消费品安全科"),
    ("JD", "监督抽查中心"),
)
RECUSAL_KINDS = ("kinship", "former_employment", "shareholding", "recent_visit")
# Days until the certificate ends, of those whose end is near: one has ended already.
_NEAR_ENDS = (-12, 9, 16, 24, 29)
_CHARGER_INSPECTORS = 20


def inspectors(rng: np.random.Generator, as_of: date) -> tuple[PersonRecord, ...]:
    """Sixty inspectors in six departments.

    The first twenty are qualified for chargers, so that the story's draw has enough people; one
    of them holds a certificate that has ended, and four end within a month.
    """
    codes = [goods.code for goods in GOODS]
    rows: list[PersonRecord] = []
    near = dict(zip((3, 8, 13, 27, 41), _NEAR_ENDS, strict=True))
    for i in range(INSPECTORS):
        count = int(rng.integers(4, 9))
        chosen = {codes[int(c)] for c in rng.choice(len(codes), size=count, replace=False)}
        chosen.discard(CHARGER)
        if i < _CHARGER_INSPECTORS:
            chosen.add(CHARGER)
        days = near.get(i, int(rng.integers(60, 1400)))
        department = DEPARTMENTS[i % len(DEPARTMENTS)]
        home = CITIES[i % len(CITIES)][0] if i % 3 == 2 else None
        senior = bool(rng.random() < 0.35) or i in (0, 1)
        rows.append(
            PersonRecord(
                number=f"JC{i + 1:03d}",
                name=f"检查员{i + 1:02d}",
                department=department[1],
                title="lead inspector" if i == 0 else "inspector",
                senior=senior,
                region_code=home,
                certificate_no=f"99-ZF-{2000 + i:05d}",
                certificate_until=as_of + timedelta(days=days),
                category_codes=tuple(sorted(chosen)),
            )
        )
    return tuple(rows)


def recusals(
    rng: np.random.Generator,
    as_of: date,
    people: tuple[PersonRecord, ...],
    firms: tuple[EnterpriseRecord, ...],
) -> tuple[RecusalRecord, ...]:
    """About two dozen ties; a few of them touch makers and sellers of chargers."""
    chargers = [firm for firm in firms if firm.category_code == CHARGER]
    others = [firm for firm in firms if firm.tier >= 2]
    rows: dict[tuple[str, str], RecusalRecord] = {}
    for i in range(24):
        pool = chargers if i < 9 else others
        firm = pool[int(rng.integers(len(pool)))]
        person = people[int(rng.integers(_CHARGER_INSPECTORS if i < 9 else len(people)))]
        rows[person.number, firm.code] = RecusalRecord(
            person_number=person.number,
            enterprise_code=firm.code,
            kind=RECUSAL_KINDS[i % len(RECUSAL_KINDS)],
            since=as_of - timedelta(days=int(rng.integers(30, 900))),
        )
    return tuple(rows.values())


def laboratories(as_of: date) -> tuple[LaboratoryRecord, ...]:
    """Three testing bodies."""
    names = ("东岚省产品质量检验院", "岚州市检验检测中心", "宁浦消费品检测有限公司")
    return tuple(
        LaboratoryRecord(
            code=f"JY{i + 1:02d}",
            name=f"{name}（虚构）",
            accreditation_no=f"99-CMA-{i + 1:04d}",
            accreditation_until=as_of + timedelta(days=(800, 1250, 75)[i]),
        )
        for i, name in enumerate(names)
    )
