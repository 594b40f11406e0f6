"""Pages of acceptance sampling: what is asked stands in the address, and works without scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Role
from core.clock import today
from sampling.models.acceptance import AcceptanceSeries
from sampling.queries.acceptance import series_by_no
from sampling.service.lot_series import open_series, record_lot
from tests import factories
from tests.console.doors import sign_in

__all__ = ["sign_in"]

PAGE = "/console/acceptance"
LOT = f"{PAGE}?lang=en&by=lot&lot_size=2000&aql=1.5&level=II&state=normal&kind=single"
RISKS = f"{PAGE}?lang=en&by=risks&aql=1&limit=5&producer_risk=5&consumer_risk=10"
AUDIT = f"{PAGE}?lang=en&by=audit&lot_size=100&claimed=2&worse=20&risk=5&missed=10"
MEASURED = f"{PAGE}?lang=en&by=variables&aql=0.5&limit=3&producer_risk=5&consumer_risk=10"


@pytest.fixture
def lead(app: Any, session: Session, sign_in: Callable[..., Any]) -> Any:
    client = app.test_client()
    sign_in(client, Role.LEAD_INSPECTOR)
    return client


@pytest.fixture
def series(session: Session) -> AcceptanceSeries:
    found = open_series(
        session,
        SYSTEM,
        enterprise_code=factories.enterprise(session).code,
        product="充电器",
        characteristic="插脚尺寸",
        aql=1.0,
    )
    session.commit()
    return found


def _option(page: str) -> dict[str, Any]:
    found = re.search(r'id="oc-option">(.*?)</script>', page, re.DOTALL)
    assert found
    option: dict[str, Any] = json.loads(found[1])
    return option


def test_the_plan_of_a_lot_with_its_curve_and_the_same_numbers_as_a_table(lead: Any) -> None:
    answer = lead.get(LOT)

    option = _option(answer.text)
    assert answer.status_code == 200
    assert (
        "Inspect 125 items. Accept with 5 failing or fewer, reject with 6 or more." in answer.text
    )
    assert [line["name"] for line in option["series"]] == [
        "normal inspection",
        "tightened inspection",
        "reduced inspection",
        "scheme with switching",
    ]
    (mark,) = option["series"][0]["markLine"]["data"]
    assert mark == {"name": "AQL", "xAxis": 1.5}
    table = answer.text.split('<details class="twin">')[1]
    assert table.count("<tr>") == 1 + len(option["series"][0]["data"])


def test_an_arrow_and_full_inspection_are_told(lead: Any) -> None:
    arrow = lead.get(LOT.replace("aql=1.5", "aql=0.065").replace("2000", "400")).text
    whole = lead.get(LOT.replace("aql=1.5", "aql=0.065").replace("2000", "40")).text

    assert "the arrow leads to letter L" in arrow
    assert "Inspect all 40 items." in whole
    assert "oc-option" not in whole


def test_a_double_plan_is_told_in_words(lead: Any) -> None:
    page = lead.get(LOT.replace("kind=single", "kind=double")).text

    assert "Inspect 80 items. Accept with 2 failing or fewer, reject with 5 or more." in page
    assert "inspect 80 more and accept with 6 or fewer in all" in page


def test_the_smallest_plan_for_two_risks_with_its_proof(lead: Any) -> None:
    page = lead.get(f"{RISKS}&model=binomial").text
    known = lead.get(f"{RISKS}&model=hypergeometric&lot_size=1000").text

    assert "Inspect 132 items. Accept with 3 failing or fewer" in page
    assert "Why no smaller plan serves" in page
    assert "Inspect 128 items. Accept with 3 failing or fewer" in known


def test_an_audit_and_a_plan_by_measurement(lead: Any) -> None:
    audit, measured = lead.get(AUDIT).text, lead.get(f"{MEASURED}&spread=known").text

    assert "The declaration is contradicted if more than 1 fail." in audit
    assert "Inspect 17 items." in audit
    assert "Measure 18 items." in measured
    assert "2.1881 standard deviations" in measured


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (LOT.replace("2000", "1"), "“Lot size” must be at least 2."),
        (LOT.replace("2000", ""), "“Lot size” is not filled in."),
        (LOT.replace("aql=1.5", "aql=1.6"), "Choose “AQL” from the list."),
        (
            LOT.replace("kind=single", "kind=double").replace("aql=1.5", "aql=0.1"),
            "no double plan here",
        ),
        (f"{RISKS}&model=hypergeometric", "“Lot size” is not filled in."),
        (f"{RISKS}&model=binomial".replace("limit=5", "limit=0.5"), "must be worse than the AQL"),
        (f"{RISKS}&model=binomial".replace("limit=5", "limit=100"), "less than 100 percent"),
        (AUDIT.replace("worse=20", "worse=2"), "name a lot worse than declared"),
        (f"{MEASURED}&spread=maybe", "Choose “Spread of the process” from the list."),
    ],
)
def test_what_is_wrong_stands_above_and_beside_the_field(
    lead: Any, address: str, words: str
) -> None:
    answer = lead.get(address)

    assert answer.status_code == 422
    assert answer.text.count(words) == 2
    assert 'aria-invalid="true"' in answer.text or "<fieldset" in answer.text


@pytest.mark.parametrize("by", ["lot", "risks", "audit", "variables", "nonsense"])
def test_each_way_begins_with_an_empty_form(lead: Any, by: str) -> None:
    answer = lead.get(f"{PAGE}?lang=en&by={by}")

    assert answer.status_code == 200
    assert "No plan is asked for yet." in answer.text


def test_a_series_is_opened_judged_and_closed_by_forms(lead: Any, session: Session) -> None:
    code = factories.enterprise(session).code
    session.commit()
    opened = lead.post(
        f"{PAGE}/series",
        data={
            "enterprise_code": code,
            "product": "充电器",
            "characteristic": "插脚尺寸",
            "aql": "1",
            "level": "II",
        },
    )
    assert opened.status_code == 303, opened.text
    address = opened.location.split("?")[0]
    lot = {"lot_no": "L1", "size": "2000", "found": "4", "inspected_on": today().isoformat()}

    judged = lead.post(f"{address}/lots", data={**lot, "version": "1"})
    page = lead.get(f"{address}?lang=en&next_size=5000").text
    closed = lead.post(f"{address}/close", data={"version": "2", "reason": "停产"})

    assert judged.status_code == 303
    assert "lot rejected" in page
    assert "For 5000 items: letter L, inspect 200, accept with 5 or fewer." in page
    assert closed.status_code == 303
    assert "This series is closed" in lead.get(f"{address}?lang=en").text
    assert "插脚尺寸" in lead.get(f"{PAGE}/series").text
    assert lead.get(f"{PAGE}/series.csv").status_code == 200


def test_what_is_wrong_with_a_lot_stands_on_its_page(lead: Any, series: AcceptanceSeries) -> None:
    lot = {"lot_no": "L1", "size": "2000", "found": "126", "inspected_on": today().isoformat()}
    address = f"{PAGE}/series/{series.no}/lots?lang=en"

    many = lead.post(address, data={**lot, "version": "1"})
    old = lead.post(address, data={**lot, "found": "0", "version": "7"})
    empty = lead.post(address, data={"version": "1"})

    assert (many.status_code, old.status_code, empty.status_code) == (422, 412, 422)
    assert "at most the 125 items of the sample" in many.text
    assert 'value="L1"' in many.text


def test_a_stopped_series_says_so_and_asks_for_improvement(
    lead: Any, session: Session, series: AcceptanceSeries
) -> None:
    for number, found in enumerate((4, 4, 3, 3, 3, 3, 3)):
        record_lot(
            session,
            SYSTEM,
            series.no,
            version=series.version,
            lot_no=f"L{number}",
            size=2000,
            found=found,
            inspected_on=today(),
        )
    session.commit()
    lot = {"lot_no": "L9", "size": "2000", "found": "0", "inspected_on": today().isoformat()}

    page = lead.get(f"{PAGE}/series/{series.no}?lang=en").text
    refused = lead.post(
        f"{PAGE}/series/{series.no}/lots?lang=en", data={**lot, "version": str(series.version)}
    )
    taken = lead.post(
        f"{PAGE}/series/{series.no}/lots",
        data={**lot, "version": str(series.version), "improved": "yes"},
    )

    assert "Sampling inspection is stopped" in page
    assert "the supplier has improved" in page
    assert refused.status_code == 422
    assert taken.status_code == 303
    session.expire_all()
    assert not series_by_no(session, series.no).is_stopped


def test_who_sees_which_form(
    app: Any, session: Session, sign_in: Callable[..., Any], series: AcceptanceSeries
) -> None:
    seen = {}
    for role in (Role.INSPECTOR, Role.RISK_ANALYST, Role.ENTERPRISE):
        client = app.test_client()
        sign_in(client, role)
        page = client.get(f"{PAGE}/series/{series.no}?lang=en")
        seen[role] = (
            page.status_code,
            "Judge the lot" in page.text,
            "Close the series" in page.text,
        )

    assert seen == {
        Role.INSPECTOR: (200, True, False),
        Role.RISK_ANALYST: (200, False, False),
        Role.ENTERPRISE: (403, False, False),
    }
