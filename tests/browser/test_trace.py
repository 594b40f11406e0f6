"""The trace page in a browser: what stands out is what the API answers; keys, phones, no script."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from core import imports
from core.actors import SYSTEM, Actor, Role
from core.unit_of_work import unit_of_work
from registry import service
from registry.models import Account
from tests import factories
from tests.services.traceability.conftest import CAPACITOR, CHARGER, csv_of, row
from traceability.imports import LEDGER

pytestmark = pytest.mark.browser

PASSWORD = "a long enough one"


@pytest.fixture
def traced(address: str) -> str:
    """C-0711 in YS-17 and QC-1, each at a shop, and BX-1 that has nothing to do with it."""
    with unit_of_work() as session:
        service.add_account(
            session,
            Actor(None, "test", Role.SYSTEM),
            login="analyst",
            display_name="analyst",
            password=PASSWORD,
            role=Role.RISK_ANALYST.value,
            enterprise_id=None,
        )
        parts, maker, other, shop = (
            factories.enterprise(session, name=name).code
            for name in (
                "白鹭电容器有限公司",
                "云杉电器有限公司",
                "临汐启程新能源有限公司",
                "好骑车行有限公司",
            )
        )
        rows = [
            row(事件="生产", 批号="C-0711", 商品条码=CAPACITOR, 数量=900, 发出单位代码=parts,
                日期="2026-07-20", 单据号="P-1", 产品名称="电容", 投入批次="无"),
        ]  # fmt: skip
        for firm, lot in ((maker, "YS-17"), (other, "QC-1")):
            rows += [
                row(事件="发货", 批号="C-0711", 商品条码=CAPACITOR, 数量=300, 发出单位代码=parts,
                    去向单位代码=firm, 日期="2026-08-10", 单据号=f"C-{lot}"),
                row(事件="生产", 批号=lot, 产品编号=lot, 产品名称="充电器", 生产企业代码=firm,
                    数量=300, 发出单位代码=firm, 日期="2026-08-25", 单据号=f"P-{lot}",
                    投入批次=f"{CAPACITOR}/C-0711×300"),
                row(事件="发货", 批号=lot, 产品编号=lot, 产品名称="充电器", 生产企业代码=firm,
                    数量=200, 发出单位代码=firm, 去向单位代码=shop, 日期="2026-09-15",
                    单据号=f"TZ-{lot}"),
            ]  # fmt: skip
        rows.append(
            row(事件="生产", 批号="BX-1", 商品条码=CHARGER, 产品名称="充电器", 数量=10,
                发出单位代码=maker, 日期="2026-08-20", 单据号="P-BX", 投入批次="无")
        )  # fmt: skip
        outcome = imports.run(session, SYSTEM, LEDGER, csv_of(rows), "story.csv")
        assert outcome.stored, outcome
    return "C-0711"


def sign_in(visitor: Any) -> None:
    visitor.open("/login")
    visitor.page.fill("[name=login]", "analyst")
    visitor.page.fill("[name=password]", PASSWORD)
    visitor.page.click("form[action='/login'] button")


def drawn(page: Any) -> set[str]:
    """Lots at holders that the picture shows as part of the trace."""
    return set(
        page.eval_on_selector_all(
            ".tg-row.tg-up, .tg-row.tg-down, .tg-row.tg-seed",
            "rows => rows.map(row => row.dataset.node)",
        )
    )


def answered(visitor: Any, query: str) -> dict[str, Any]:
    """What the API answers the same account."""
    with unit_of_work() as session:
        analyst = session.execute(select(Account).where(Account.login == "analyst")).scalar_one()
        token = service.issue_token(session, analyst.id, kind="token")
    found: dict[str, Any] = visitor.page.request.get(
        f"{visitor.address}/api/v1/trace?{query}", headers={"Authorization": f"Bearer {token}"}
    ).json()
    return found


def closure(answer: dict[str, Any]) -> set[str]:
    """Lots at holders of an answer that are drawn: not those that came only to be used there."""
    leaving: dict[tuple[int, int], set[str]] = {}
    coming: dict[tuple[int, int], set[str]] = {}
    for edge in answer["edges"]:
        start = edge["from_lot_id"], edge["from_party_id"]
        end = edge["to_lot_id"], edge["to_party_id"]
        leaving.setdefault(start, set()).add(edge["kind"])
        coming.setdefault(end, set()).add(edge["kind"])
    return {
        f"{each['lot_id']}-{each['party_id']}"
        for each in answer["holdings"]
        for place in [(each["lot_id"], each["party_id"])]
        if not (leaving.get(place) == {"use"} and "use" not in coming.get(place, {"use"}))
    }


@pytest.mark.parametrize("direction", ["both", "forward", "backward"])
def test_what_stands_out_is_what_the_api_answers(visit: Any, traced: str, direction: str) -> None:
    visitor = visit()
    sign_in(visitor)

    visitor.open(f"/console/trace?lot=YS-17&direction={direction}")

    answer = answered(visitor, f"lot=YS-17&direction={direction}")
    assert drawn(visitor.page) == closure(answer)
    assert visitor.complaints == []
    assert visitor.strangers == []


def test_the_keyboard_walks_the_picture_and_enter_asks_about_a_lot(visit: Any, traced: str) -> None:
    visitor = visit()
    sign_in(visitor)
    visitor.open(f"/console/trace?lot={traced}")
    page = visitor.page
    rows = page.locator(".trace-diagram a.tg-row")
    walked = []

    rows.first.focus()
    for _ in range(rows.count()):
        walked.append(page.evaluate("document.activeElement.dataset.node"))
        page.keyboard.press("Tab")

    assert len(set(walked)) == rows.count()
    assert drawn(page) <= set(walked)
    target = page.locator(".tg-row.tg-down").first
    lot_id = target.get_attribute("data-node").partition("-")[0]
    target.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**lot_id={lot_id}*")
    assert drawn(page) == closure(answered(visitor, f"lot_id={lot_id}"))


def test_without_javascript_a_way_stands_out_by_a_link(visit: Any, traced: str) -> None:
    visitor = visit(javascript=False)
    sign_in(visitor)
    visitor.open(f"/console/trace?lot={traced}&direction=forward")
    answer = answered(visitor, f"lot={traced}&direction=forward")
    last = max(answer["holdings"], key=lambda each: each["depth"])
    node = f"{last['lot_id']}-{last['party_id']}"

    visitor.page.click(f'a[href*="path={node}"]')

    page = visitor.page
    assert page.locator("#way tbody tr").count() == len(last["path"])
    lit = page.locator(".tg-row.tg-lit").evaluate_all("rows => rows.map(r => r.dataset.node)")
    ends = {
        f"{edge[f'{end}_lot_id']}-{edge[f'{end}_party_id']}"
        for edge in answer["edges"]
        if edge["key"] in last["path"]
        for end in ("from", "to")
    }
    assert set(lit) == ends & closure(answer)
    assert page.locator(".tg-line:not(.tg-lit)").count() > 0


def test_without_javascript_options_are_chosen_and_a_lot_is_added(visit: Any, traced: str) -> None:
    visitor = visit(javascript=False)
    sign_in(visitor)
    visitor.open("/console/trace?lot=YS-17&direction=forward")
    page = visitor.page

    page.click(".trace-options > summary")
    page.fill(".trace-options [name=lot]", "BX-1")
    page.select_option(".trace-options [name=dates]", "ignored")
    page.click(".trace-options button")

    ids = page.eval_on_selector_all(
        ".trace-options [name=lot_id]", "fields => fields.map(f => f.value)"
    )
    query = "&".join(f"lot_id={each}" for each in ids) + "&direction=forward&dates=ignored"
    assert len(ids) == 2
    assert drawn(page) == closure(answered(visitor, query))


@pytest.mark.parametrize("width", [390, 1440])
def test_no_trace_is_wider_than_the_screen(
    visit: Any, traced: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.console.pages import trace as trace_page

    visitor = visit(width=width)
    sign_in(visitor)

    for large, path in (
        (2000, f"/console/trace?lot={traced}&contact=station"),
        (2000, f"/console/trace/scope?lot={traced}"),
        (2, f"/console/trace?lot={traced}"),
    ):
        monkeypatch.setattr(trace_page, "LARGE", large)
        assert visitor.open(path).status == 200
        page = visitor.page
        beyond = page.evaluate(
            "Array.from(document.querySelectorAll('.card, .list td, .fold-card, .button'))"
            ".filter(e => e.getClientRects().length && !e.closest('.trace-scroll > svg'))"
            ".filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)"
            ".map(e => e.className + ' ' + e.textContent.slice(0, 40))"
        )
        assert beyond == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    assert visitor.page.locator(".fold-card").count() > 0
    assert visitor.complaints == []


def test_on_paper_every_row_stands_without_the_shell(visit: Any, traced: str) -> None:
    visitor = visit()
    sign_in(visitor)
    visitor.open(f"/console/trace?lot={traced}&view=all")
    page = visitor.page

    page.emulate_media(media="print")

    assert page.locator(".printed").is_visible()
    assert "analyst" in page.locator(".printed").inner_text()
    for hidden in (".top", ".side", ".trace-options", ".actions", "form"):
        assert not page.locator(hidden).first.is_visible(), hidden
    answer = answered(visitor, f"lot={traced}")
    assert page.locator("#downstream tbody tr:visible, #upstream tbody tr:visible").count() == len(
        answer["holdings"]
    )
