"""The pages of publication: staff write, another approves, everybody reads without JavaScript."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import Role
from registry.service import load_packs
from sampling.maths.procedure_words import Purpose
from sampling.service.procedure.opening import Product
from tests import factories
from tests.api.test_sampling import DICE, PLAN
from tests.console.doors import sign_in
from tests.services.procedure.conftest import FAIL, Cast, at, cast, confirmed, sampled, testing

__all__ = ["cast", "sign_in"]

ROW = {
    "key": "01",
    "matter": "充电器质量安全",
    "target": "充电器生产、销售企业",
    "share": "5%",
    "frequency": "1",
    "quantity": "5",
    "begins_on": "2026-03-01",
    "ends_on": "2026-12-31",
    "lead": "质量监督科",
    "cooperating": "综合执法大队、网监科",
    "purpose": "防止不合格充电器流入市场",
}
HEAD = {"kind": "annual_plan", "title": "2026 年度计划", "authority": "某局", "year": "2026"}


@pytest.fixture
def day(frozen_clock: Callable[[str], Any], session: Session) -> None:
    frozen_clock("2026-11-18T01:00:00+00:00")
    load_packs(session)


def client_of(app: Any, sign_in: Callable[..., Any], role: Role) -> Any:
    client = app.test_client()
    sign_in(client, role)
    return client


@pytest.fixture
def lead(app: Any, day: None, sign_in: Callable[..., Any]) -> Any:
    return client_of(app, sign_in, Role.LEAD_INSPECTOR)


@pytest.fixture
def second(app: Any, day: None, sign_in: Callable[..., Any]) -> Any:
    return client_of(app, sign_in, Role.ADMINISTRATOR)


def rows(*given: dict[str, str], start: int = 0) -> dict[str, str]:
    return {
        f"rows.{place}.{name}": value
        for place, row in enumerate(given, start)
        for name, value in row.items()
    }


def version_in(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None
    return found.group(1)


def press(client: Any, address: str, step: str, **facts: Any) -> Any:
    version = version_in(client.get(address).text)
    return client.post(f"{address}/{step}", data={"version": version, **facts})


def drafted(client: Any, **changes: str) -> str:
    answer = client.post("/console/annual/new", data={**HEAD, **rows(ROW), **changes})
    assert answer.status_code == 303, answer.text
    return str(answer.location.split("?")[0].rsplit("/", 1)[1])


def published(lead: Any, second: Any) -> str:
    no = drafted(lead)
    assert press(second, f"/console/annual/{no}", "approve").status_code == 303
    assert press(lead, f"/console/annual/{no}", "publish").status_code == 303
    return no


def drawn(lead: Any, second: Any, session: Session) -> tuple[str, list[str]]:
    """A drawn plan with two results, by the services of the JSON interface's own cast."""
    from datetime import date

    from sqlalchemy import select

    from core.actors import Actor
    from registry.models import Account
    from sampling.models.plans import DrawnUnit
    from sampling.service import drawing, entropy, freezing, planning, results

    for n in range(12):
        factories.enterprise(session, grade="AD"[n % 2])
    for _ in range(4):
        factories.person(session)
    accounts = session.execute(select(Account).order_by(Account.id)).scalars()
    one, two = [Actor(each.id, each.display_name, Role(each.role)) for each in accounts][:2]
    facts = {**PLAN, "visit_on": date(2026, 12, 1)}
    no = planning.create_plan(session, one, **facts).no
    freezing.freeze(session, one, no, secret=bytes(32), software="t")
    for actor in (one, two):
        entropy.enter_dice(session, actor, no, dice=DICE)
    entropy.enter_public_value(session, one, no, value="ab" * 32)
    drawing.draw(session, one, no)
    codes = list(
        session.execute(
            select(DrawnUnit.code).where(DrawnUnit.is_selected).order_by(DrawnUnit.code).limit(2)
        ).scalars()
    )
    results.record_results(
        session,
        one,
        no,
        [
            {"code": code, "inspected_on": date(2026, 11, 18), "outcome": outcome}
            for code, outcome in zip(codes, ("pass", "fail"), strict=True)
        ],
    )
    session.commit()
    return no, codes


def test_a_plan_is_written_approved_by_another_and_read_by_everybody(
    app: Any, lead: Any, second: Any
) -> None:
    no = drafted(lead)
    own = lead.get(f"/console/annual/{no}?lang=en").text
    assert "another person approves it" in own
    assert f'action="/console/annual/{no}/approve"' not in own
    assert app.test_client().get(f"/papers/{no}").status_code == 404

    press(second, f"/console/annual/{no}", "approve")
    press(lead, f"/console/annual/{no}", "publish")

    page = app.test_client().get(f"/papers/{no}")
    assert page.status_code == 200
    assert "充电器质量安全" in page.text
    assert "综合执法大队、网监科" in page.text
    assert no in app.test_client().get("/annual-plans").text


def test_approving_the_own_draft_is_refused_on_the_page(lead: Any) -> None:
    no = drafted(lead)
    version = version_in(lead.get(f"/console/annual/{no}/edit").text)

    answer = lead.post(f"/console/annual/{no}/approve?lang=en", data={"version": version})

    assert answer.status_code == 403
    assert "another person must review it" in answer.text


def test_a_faulty_row_is_named_where_it_stands_in_the_form(lead: Any) -> None:
    blank = dict.fromkeys(ROW, "")
    facts = {**HEAD, **rows(blank, {**ROW, "share": "500%"})}

    answer = lead.post("/console/annual/new?lang=en", data=facts)

    assert answer.status_code == 422
    assert 'href="#field-rows-1-share"' in answer.text
    assert 'name="rows.1.share" value="500%"' in answer.text  # what was typed is kept


def test_more_rows_keep_what_was_typed(lead: Any) -> None:
    facts = {**HEAD, **rows(ROW), "shown": "3", "more": "yes"}

    page = lead.post("/console/annual/new", data=facts)

    assert page.status_code == 200
    assert 'name="rows.7.key"' in page.text
    assert 'name="rows.0.quantity" value="5"' in page.text


def test_an_amendment_shows_both_editions_and_its_reason(app: Any, lead: Any, second: Any) -> None:
    no = published(lead, second)
    address = f"/console/annual/{no}"
    assert press(lead, address, "amend", reason=" ").status_code == 422
    assert press(lead, address, "amend", reason="上级增加任务").status_code == 303
    edit = lead.get(f"{address}/edit").text
    facts = {**HEAD, **rows({**ROW, "quantity": "9"}), "version": version_in(edit)}
    assert lead.post(f"{address}/edit", data=facts).status_code == 303
    visitor = app.test_client()
    assert "上级增加任务" not in visitor.get(f"/papers/{no}").text
    press(second, address, "approve")
    press(lead, address, "publish")

    page = visitor.get(f"/papers/{no}?lang=en").text
    old = visitor.get(f"/papers/{no}?edition=1&lang=en").text

    assert "上级增加任务" in page
    assert "Units each time" in page
    assert "A later edition is in force" in old


def test_a_stale_form_is_refused(lead: Any, second: Any) -> None:
    no = drafted(lead)

    answer = second.post(f"/console/annual/{no}/approve", data={"version": "99"})

    assert answer.status_code == 412


def test_a_result_goes_from_the_desk_to_the_public_and_back(
    app: Any, lead: Any, second: Any, session: Session
) -> None:
    no, codes = drawn(lead, second, session)
    visitor = app.test_client()
    enter = f"/console/results/inspections/{no}/{codes[0]}"
    assert codes[0] in lead.get("/console/results").text
    assert 'value="1" checked' in lead.get(enter).text

    wrong = lead.post(f"{enter}?lang=en", data={"codes": ["1", "5"]})
    assert wrong.status_code == 422
    assert "excludes all others" in wrong.text
    answer = lead.post(enter, data={"codes": ["1"], "statement": "现场无异常"})
    assert answer.status_code == 303
    record = answer.location.split("?")[0]
    number = record.rsplit("/", 1)[1]
    assert visitor.get(f"/results/{number}").status_code == 404

    assert press(second, record, "publish").status_code == 303
    page = visitor.get(f"/results/{number}")
    assert "现场无异常" in page.text
    assert number in visitor.get("/results").text
    assert "struck" not in visitor.get("/results").text

    assert press(second, record, "withdraw", reason="主体认定有误").status_code == 303
    shown = visitor.get("/results").text
    assert '<tr class="struck">' in shown
    assert "主体认定有误" in shown
    assert "主体认定有误" in visitor.get(f"/results/{number}").text


def test_a_record_is_sent_back_with_words(lead: Any, second: Any, session: Session) -> None:
    no, codes = drawn(lead, second, session)
    enter = f"/console/results/inspections/{no}/{codes[1]}"
    record = lead.post(enter, data={"codes": ["5"]}).location.split("?")[0]

    assert press(second, record, "return", reason="说明不全").status_code == 303

    assert "说明不全" in lead.get("/console/results").text
    assert "说明不全" in lead.get(enter).text


def test_a_case_is_announced_from_its_page(
    app: Any, lead: Any, second: Any, session: Session, cast: Cast
) -> None:
    case = confirmed(cast, FAIL)
    with at("2026-03-02"):
        early = cast.open(product=Product("插座"))
    session.commit()
    address = f"/console/results/samples/new?case_no={case.no}"
    assert f'href="{address}"' in lead.get(f"/console/cases/{case.no}").text
    assert "samples/new" not in lead.get(f"/console/cases/{early.no}").text
    form = lead.get(address).text
    assert f'<option value="{case.no}" selected>' in form
    assert early.no not in form
    for typed in ("purpose", "stage", "outcome", "failed_items"):
        assert f'name="{typed}"' not in form
    facts = {
        "case_no": case.no, "serial": "1", "announcement_no": "7", "announced_on": "2026-11-18",
    }  # fmt: skip
    assert lead.post(address, data={**facts, "announcement_no": " "}).status_code == 422
    assert lead.post(address, data={**facts, "case_no": early.no}).status_code == 409

    answer = lead.post(address, data=facts)

    assert answer.status_code == 303, answer.text
    assert "耐压║击穿║不击穿" in lead.get(answer.location).text
    assert case.no not in lead.get("/console/results/samples/new").text
    record = answer.location.split("?")[0]
    assert f'href="{record}"' in lead.get(f"/console/cases/{case.no}").text
    assert press(second, record, "publish").status_code == 303
    corrects = f"/console/results/samples/new?corrects={record.rsplit('/', 1)[1]}"
    assert case.no in lead.get(corrects).text


def test_a_record_sent_back_is_entered_anew_from_its_case(
    lead: Any, second: Any, session: Session, cast: Cast
) -> None:
    case = confirmed(cast, FAIL)
    session.commit()
    address = "/console/results/samples/new"
    facts = {
        "case_no": case.no, "serial": "1", "announcement_no": "7", "announced_on": "2026-11-18",
    }  # fmt: skip
    record = lead.post(address, data=facts).location.split("?")[0]
    assert press(second, record, "return", reason="期号写错").status_code == 303
    assert f'href="{address}?case_no={case.no}"' in lead.get(record).text

    again = lead.post(address, data={**facts, "announcement_no": "8"})

    assert again.location.split("?")[0] == record
    assert "<td>8</td>" in lead.get(record).text


def test_monitoring_is_refused_in_words(lead: Any, session: Session, cast: Cast) -> None:
    with at("2026-03-02"):
        case = cast.open(purpose=Purpose.MONITORING)
    sampled(cast, case, "2026-04-01")
    testing(cast, case, "2026-04-02")
    session.commit()
    facts = {
        "case_no": case.no, "serial": "1", "announcement_no": "7", "announced_on": "2026-11-18",
    }  # fmt: skip

    answer = lead.post("/console/results/samples/new?lang=en", data=facts)

    assert answer.status_code == 409
    assert "never" in answer.text
    assert case.no not in lead.get("/console/results/samples/new").text


def test_a_contract_is_kept_with_its_file(lead: Any) -> None:
    facts = {
        "role": "agency", "agency_code": "9137AGENCY", "agency_name": "远山检验", "scope": "抽样",
        "valid_from": "2026-01-01", "valid_until": "2026-12-31", "forbids": "yes",
    }  # fmt: skip
    refused = lead.post("/console/agencies/contracts/new", data=facts)
    assert refused.status_code == 422  # no file
    file = (io.BytesIO(b"<script>x</script>"), "wt.html")

    answer = lead.post("/console/agencies/contracts/new", data={**facts, "file": file})

    assert answer.status_code == 303, answer.text
    got = lead.get(answer.location.split("?")[0] + "/file")
    assert got.data == b"<script>x</script>"
    assert got.mimetype == "application/octet-stream"
    assert "attachment" in got.headers["Content-Disposition"]


def test_a_notice_is_printed_with_a_code_that_leads_to_its_check(
    app: Any, lead: Any, second: Any, session: Session
) -> None:
    no, codes = drawn(lead, second, session)
    form = lead.get(f"/console/agencies/notices/new?plan_no={no}").text
    assert codes[0] not in form  # it has its result
    open_code = re.findall(r'<option value="([^"]+)"', form)[0]
    answer = lead.post(
        "/console/agencies/notices/new",
        data={
            "plan_no": no, "code": open_code, "visit_on": "2026-11-18",
            "valid_until": "2026-12-15", "authority": "某局", "basis": "产品质量法第十五条",
        },
    )  # fmt: skip
    assert answer.status_code == 303, answer.text

    paper = lead.get(answer.location).text
    address = re.search(r'href="http://localhost(/notices/[^"]+)"', paper)

    assert '<svg class="qr"' in paper or 'class="qr"' in paper
    assert address is not None
    page = app.test_client().get(address.group(1) + "?lang=en").text
    assert "genuine and in force" in page
    assert "No such notice" in app.test_client().get("/notices/nothing?lang=en").text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "path", ["/published", "/papers", "/annual-plans", "/tasks", "/results", "/notices/x"]
)
def test_public_pages_answer_in_both_languages(client: Any, lang: str, path: str) -> None:
    page = client.get(path, query_string={"lang": lang})

    assert page.status_code == (404 if path == "/notices/x" else 200)
    assert "<script>" not in page.text


@pytest.mark.parametrize("path", ["/papers", "/annual-plans", "/tasks", "/results"])
@pytest.mark.parametrize("extension", ["json", "csv", "xlsx"])
def test_public_lists_are_files_too_and_refuse_what_they_do_not_know(
    client: Any, path: str, extension: str
) -> None:
    assert client.get(f"{path}.{extension}").status_code == 200
    assert client.get(f"{path}.{extension}?rank=1").status_code == 400


def test_a_day_that_is_none_is_told_on_the_page(client: Any) -> None:
    page = client.get("/results?since=gestern&lang=en")

    assert page.status_code == 422
    assert 'role="alert"' in page.text


def test_results_cannot_be_ordered_by_who_failed(client: Any) -> None:
    page = client.get("/results?sort=-outcome&lang=en").text

    assert not re.search(r'aria-sort="[a-z]+"><a href="[^"]*sort=-?outcome', page)
    assert "sort=outcome" not in page
    assert "sort=enterprise" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/console/annual/new",
        "/console/results/samples/new",
        "/console/agencies/contracts/new",
        "/console/agencies/notices/new",
    ],
)
def test_an_inspector_writes_none_of_it(
    app: Any, day: None, sign_in: Callable[..., Any], path: str
) -> None:
    inspector = client_of(app, sign_in, Role.INSPECTOR)

    assert inspector.get(path).status_code == 403
    assert inspector.get("/console/annual").status_code == 200
    assert inspector.get("/console/results").status_code == 200
    assert inspector.get("/console/agencies").status_code == 200


def test_a_draft_names_its_row_of_the_annual_plan(lead: Any, second: Any, session: Session) -> None:
    from datetime import date

    from core.actors import SYSTEM
    from sampling.service import planning

    no = published(lead, second)
    facts = {**PLAN, "visit_on": date(2026, 12, 1)}
    plan_no = planning.create_plan(session, SYSTEM, **facts).no
    session.commit()

    address = f"/console/annual/rows/{plan_no}"
    page = lead.get(address).text
    assert f"{no} · 01" in page
    assert lead.post(address, data={"row": ""}).status_code == 422
    stale = lead.post(address, data={"row": f"{no}/01", "version": "77"})
    assert stale.status_code == 412
    answer = lead.post(address, data={"row": f"{no}/01", "version": version_in(page)})

    assert answer.status_code == 303
