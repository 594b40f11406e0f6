"""Frozen traces and watches over HTTP: who may, what comes back, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Role
from tests.services.traceability.conftest import CHARGER, Town, csv_of, row, story, town
from traceability.imports import LEDGER

__all__ = ["story", "town"]  # fixtures of the services, used here too

SignIn = Callable[..., Any]
URL = "/api/v1/trace"


@pytest.fixture
def stored(session: Session, story: list[dict[str, str]]) -> None:
    """The story, in the journal."""
    assert imports.run(session, SYSTEM, LEDGER, csv_of(story), "story.csv").stored


def freeze(client: Any, **facts: Any) -> Any:
    return client.post(f"{URL}/freezes", json={"lot": "YS-17", "reason": "抽检不合格", **facts})


def test_the_life_of_a_watch(
    client: Any, session: Session, sign_in: SignIn, stored: None, town: Town
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    made = freeze(client)
    assert made.status_code == 201, made.json
    no = made.json["no"]
    assert made.json["armed_at"] is None
    assert client.post(f"{URL}/freezes/{no}/watch").status_code == 201
    assert client.post(f"{URL}/freezes/{no}/watch").status_code == 409
    more = row(
        事件="发货", 批号="YS-17", 商品条码=CHARGER, 数量=100, 发出单位代码=town.dealer.code,
        去向单位代码=town.parts.code, 日期="2026-10-20", 单据号="HQ-9",
    )  # fmt: skip
    assert imports.run(session, SYSTEM, LEDGER, csv_of([more]), "more.csv").stored
    session.flush()
    found = client.get(f"{URL}/freezes/{no}/difference").json
    assert [each["depth"] for each in found["added"]] == [2]
    shown = client.get(f"{URL}/freezes/{no}")
    reason = {"reason": "已召回"}
    assert client.delete(f"{URL}/freezes/{no}/watch", json=reason).status_code == 428
    gone = client.delete(
        f"{URL}/freezes/{no}/watch", json=reason, headers={"If-Match": shown.headers["ETag"]}
    )
    assert gone.status_code == 200, gone.json
    assert gone.json["armed_at"] is None
    # Armed again: what came meanwhile is told at once, and somebody notes what is done.
    client.post(f"{URL}/freezes/{no}/watch")
    (alert,) = client.get(f"{URL}/alerts", query_string={"unseen": "true"}).json["items"]
    assert alert["freeze_no"] == no
    assert [each["depth"] for each in alert["added"]] == [2]
    noted = client.post(
        f"{URL}/alerts/{alert['id']}/note",
        json={"note": "已通知商行下架"},
        headers={"If-Match": f'"v{alert["version"]}"'},
    )
    assert noted.status_code == 200, noted.json
    assert client.get(f"{URL}/alerts", query_string={"unseen": "true"}).json["items"] == []


def test_an_inspector_may_read_and_not_freeze(client: Any, sign_in: SignIn, stored: None) -> None:
    sign_in(client, Role.INSPECTOR)
    assert freeze(client).status_code == 403
    assert client.get(f"{URL}/freezes").status_code == 200


def test_an_enterprise_sees_no_watch(
    client: Any, sign_in: SignIn, stored: None, town: Town
) -> None:
    sign_in(client, Role.ENTERPRISE, enterprise_id=town.maker.id)
    assert client.get(f"{URL}/freezes").status_code == 403
    assert client.get(f"{URL}/alerts").status_code == 403


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"reason": ""}, 422),
        ({"lot": None}, 422),
        ({"lot": "NIE-1"}, 404),
        ({"direction": "up"}, 422),
    ],
)
def test_what_cannot_be_frozen(
    client: Any, sign_in: SignIn, stored: None, facts: dict[str, Any], status: int
) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)
    assert freeze(client, **facts).status_code == status
