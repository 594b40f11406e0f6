"""A producer, its product, and the people around a recall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Actor, Role
from core.clock import now
from recall.maths.notice import Remedy
from recall.models import Recall
from recall.service.filing import PlanContent, file_recall
from recall.service.scoping import trace_scope
from registry.models import Enterprise, Product
from tests import factories
from traceability.models.ledger import Lot, Party, TraceEvent

PLAN = PlanContent(
    instruction="请立即停止使用并拔下电源",
    remedies=(Remedy.REFUND,),
    measures="凭实物全额退款，运费由本公司承担",
    contact="400-820-0000",
    starts_on=date(2026, 11, 20),
)
# Wednesday morning in China; no holiday near.
MORNING = "2026-11-18T01:00:00+00:00"


@dataclass(frozen=True)
class Cast:
    """Who acts."""

    enterprise: Enterprise
    product: Product
    producer: Actor
    stranger: Actor
    inspector: Actor
    leader: Actor


@pytest.fixture
def cast(session: Session, packs: None) -> Cast:
    """A producer with a product on the register, another enterprise, an officer and a leader."""
    enterprise = factories.enterprise(session, name="云汐市充电器厂")
    product = factories.product(
        session,
        enterprise_id=enterprise.id,
        name="充电器",
        gtin="04006381333931",
        brand="云汐",
        model="YX-65",
    )

    def actor(role: Role, enterprise_id: int | None = None) -> Actor:
        facts: dict[str, Any] = {} if enterprise_id is None else {"enterprise_id": enterprise_id}
        account = factories.account(session, role=role, **facts)
        return Actor(account.id, account.display_name, role, account.enterprise_id)

    return Cast(
        enterprise=enterprise,
        product=product,
        producer=actor(Role.ENTERPRISE, enterprise.id),
        stranger=actor(Role.ENTERPRISE, factories.enterprise(session).id),
        inspector=actor(Role.INSPECTOR),
        leader=actor(Role.LEAD_INSPECTOR),
    )


def filed(session: Session, actor: Actor, **changes: Any) -> Recall:
    """File a recall with sensible facts."""
    facts: dict[str, Any] = {
        "lot_no": "C-0711",
        "gtin": "4006381333931",
        "found_on": date(2026, 11, 16),
        "defect": "内部电容耐压不足",
        "hazard": "过热起火",
        "consequence": "可能造成烧伤和财产损失",
        "is_serious": True,
        "origin": "不合格报告",
        "quantity": Decimal(1000),
        "unit": "个",
    }
    return file_recall(session, actor, **{**facts, **changes})


def _party(session: Session, enterprise: Enterprise) -> Party:
    known = session.execute(
        select(Party).where(Party.enterprise_id == enterprise.id)
    ).scalar_one_or_none()
    if known is not None:
        return known
    made = Party(kind="enterprise", key=f"E/{enterprise.id}", enterprise_id=enterprise.id)
    session.add(made)
    session.flush()
    return made


def told(session: Session, enterprise: Enterprise, product: Product, lot_no: str) -> None:
    """Let ledgers say: 1000 made; 600 to 甲店, which sold 340 of them; some to 乙店."""
    lot = Lot(product_id=product.id, key=lot_no, number=lot_no, recorded_at=now())
    shop = factories.enterprise(session, name="甲店")
    maker, seller = _party(session, enterprise), _party(session, shop)
    other = Party(
        kind="name", key=f"N/{product.id}/{lot_no}", name="乙店", told_by_id=enterprise.id
    )
    session.add_all([lot, other])
    session.flush()
    at = datetime(2026, 10, 1, 4, tzinfo=UTC)
    rows: list[tuple[str, Enterprise, Party | None, Party | None, Decimal | None]] = [
        ("production", enterprise, maker, None, Decimal(1000)),
        ("shipment", enterprise, maker, seller, Decimal(600)),
        ("shipment", enterprise, maker, other, None),
        ("sale", shop, seller, None, Decimal(340)),
    ]
    session.add_all(
        TraceEvent(
            enterprise_id=teller.id,
            kind=kind,
            lot_id=lot.id,
            from_party_id=None if source is None else source.id,
            to_party_id=None if target is None else target.id,
            quantity=quantity,
            unit="H87",
            earliest_at=at + timedelta(days=day),
            latest_at=at + timedelta(days=day),
            document_no=None,
            inputs="none" if kind == "production" else None,
            corrects_id=None,
            digest=sha256(f"{lot.id}/{day}".encode()).digest(),
            file_sha256="0" * 64,
            file_row=day,
            recorded_at=now(),
        )
        for day, (kind, teller, source, target, quantity) in enumerate(rows)
    )
    session.flush()


def traced(session: Session, recall: Recall, cast: Cast) -> None:
    """Let the ledgers speak and the trace answer."""
    told(session, cast.enterprise, cast.product, recall.lot_no)
    trace_scope(session, SYSTEM, recall.id)


def announced(session: Session, cast: Cast, **changes: Any) -> Recall:
    """A recall with plan, traced scope and public notice."""
    from recall.service.notices import publish_notice

    recall = filed(session, cast.producer, plan=PLAN, **changes)
    traced(session, recall, cast)
    publish_notice(session, cast.leader, recall.number)
    session.flush()
    return recall
