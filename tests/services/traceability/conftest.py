"""A few firms and a small ledger that tests write in rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Actor
from registry.models import Enterprise, Product
from tests import factories
from traceability.imports import LEDGER

HEADER = (
    "事件", "批号", "商品条码", "产品编号", "产品名称", "生产企业代码", "数量", "单位",
    "发出单位代码", "发出单位", "去向单位代码", "去向单位", "日期", "单据号", "投入批次",
    "更正单据号",
)  # fmt: skip

CHARGER, CAPACITOR = "02900000000018", "02900000000025"


@dataclass(frozen=True)
class Town:
    """Firms by role; two products."""

    parts: Enterprise
    maker: Enterprise
    dealer: Enterprise
    shop: Enterprise
    charger: Product
    capacitor: Product


@pytest.fixture
def town(session: Session) -> Town:
    parts, maker, dealer, shop = (
        factories.enterprise(session, name=name)
        for name in (
            "白鹭电容器有限公司",
            "云杉电器有限公司",
            "同舟商贸有限公司",
            "好骑车行有限公司",
        )
    )
    return Town(
        parts,
        maker,
        dealer,
        shop,
        factories.product(session, enterprise_id=maker.id, gtin=CHARGER, name="充电器"),
        factories.product(session, enterprise_id=parts.id, gtin=CAPACITOR, name="电容"),
    )


def row(**cells: Any) -> dict[str, str]:
    """A ledger row by Chinese titles."""
    return {title: str(value) for title, value in cells.items() if value is not None}


def csv_of(rows: list[dict[str, str]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, HEADER, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")


@pytest.fixture
def load(session: Session) -> Callable[..., imports.Outcome]:
    """Import ledger rows."""

    def _load(
        rows: list[dict[str, str]],
        *,
        actor: Actor = SYSTEM,
        name: str = "ledger.csv",
        on: Session | None = None,
        **facts: Any,
    ) -> imports.Outcome:
        return imports.run(on or session, actor, LEDGER, csv_of(rows), name, **facts)

    return _load


@pytest.fixture
def story(town: Town) -> list[dict[str, str]]:
    """C-0711 goes into YS-17, which goes to a dealer and on to a shop."""
    t = town
    return [
        row(事件="生产", 批号="C-0711", 商品条码=CAPACITOR, 数量=20000, 发出单位代码=t.parts.code,
            日期="2026-07-20", 单据号="P-1", 投入批次="无"),
        row(事件="发货", 批号="C-0711", 商品条码=CAPACITOR, 数量=10500, 发出单位代码=t.parts.code,
            去向单位代码=t.maker.code, 日期="2026-08-10", 单据号="C-1"),
        row(事件="生产", 批号="YS-17", 商品条码=CHARGER, 数量=5200, 发出单位代码=t.maker.code,
            日期="2026-08-25", 单据号="P-2", 投入批次=f"{CAPACITOR}/C-0711×10400"),
        row(事件="发货", 批号="YS-17", 商品条码=CHARGER, 数量=3200, 发出单位代码=t.maker.code,
            去向单位代码=t.dealer.code, 日期="2026-09-15", 单据号="TZ-1"),
        row(事件="收货", 批号="ys-17", 商品条码=CHARGER, 数量=3190, 发出单位代码=t.maker.code,
            去向单位代码=t.dealer.code, 日期="2026-09-16", 单据号="TZ-1"),
        row(事件="发货", 批号="YS-17", 商品条码=CHARGER, 数量=900, 发出单位代码=t.dealer.code,
            去向单位代码=t.shop.code, 日期="2026-10-08", 单据号="HQ-1"),
        row(事件="销售", 批号="YS-17", 商品条码=CHARGER, 数量=780, 发出单位代码=t.shop.code,
            日期="2026-11-19", 单据号="XS-1"),
        row(事件="盘点", 批号="YS-17", 商品条码=CHARGER, 数量=120, 发出单位代码=t.shop.code,
            日期="2026-11-21", 单据号="PD-1"),
    ]  # fmt: skip
