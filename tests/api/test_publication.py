"""Publication over HTTP: guards, versions, two people, the public, feeds, bad input."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from registry.service import load_packs
from sampling.models.procedure import SamplingCase
from tests import factories
from tests.api.test_sampling import DICE, PLAN
from tests.services.procedure.conftest import FAIL, PASS, Cast, case, cast, confirmed, notified

__all__ = ["case", "cast"]

SignIn = Callable[..., Actor]
STAFF = "/api/v1/sampling"
PUBLIC = "/api/v1/public"
ATOM = "{http://www.w3.org/2005/Atom}"
ROW = {
    "key": "01",
    "matter": "充电器质量安全",
    "target": "充电器生产、销售企业",
    "share": "5%",
    "frequency": 1,
    "quantity": 5,
    "begins_on": "2026-03-01",
    "ends_on": "2026-12-31",
    "lead": "质量监督科",
    "cooperating": ["综合执法大队"],
    "purpose": "防止不合格充电器流入市场",
}
PAPER = {
    "kind": "annual_plan",
    "year": 2026,
    "title": "2026 年度产品质量抽查计划",
    "authority": "云汐市市场监督管理局",
    "body": {"rows": [ROW]},
}
NOTICE = {"serial": 1, "announcement_no": "2026 年第 7 期", "announced_on": "2026-11-18"}


@pytest.fixture
def city(session: Session, frozen_clock: Callable[[str], Any]) -> None:
    """A few enterprises and inspectors on a day in 2026, and the rule packs."""
    frozen_clock("2026-11-18T01:00:00+00:00")
    load_packs(session)
    for n in range(12):
        factories.enterprise(session, grade="AD"[n % 2])
    for _ in range(4):
        factories.person(session)


@pytest.fixture
def lead(client: Any, sign_in: SignIn, city: None) -> Any:
    sign_in(client, Role.LEAD_INSPECTOR)
    return client


@pytest.fixture
def second(app: Any, sign_in: SignIn, city: None) -> Any:
    other = app.test_client()
    sign_in(other, Role.ADMINISTRATOR)
    return other


@pytest.fixture
def visitor(app: Any) -> Any:
    return app.test_client()


def step(client: Any, path: str, **facts: Any) -> Any:
    """POST with the version that is read just before."""
    record = path.rsplit("/", 1)[0]
    match = client.get(record).headers["ETag"]
    return client.post(path, headers={"If-Match": match}, **facts)


def drafted(client: Any, **changes: Any) -> str:
    answer = client.post(f"{STAFF}/papers", json={**PAPER, **changes})
    assert answer.status_code == 201, answer.json
    return str(answer.json["no"])


def published(lead: Any, second: Any, **changes: Any) -> str:
    no = drafted(lead, **changes)
    assert step(second, f"{STAFF}/papers/{no}/approve").status_code == 200
    assert step(lead, f"{STAFF}/papers/{no}/publish").status_code == 200
    return no


def drawn(lead: Any, second: Any, paper_no: str | None = None, **changes: Any) -> str:
    answer = lead.post(f"{STAFF}/plans", json={**PLAN, **changes})
    no, match = answer.json["summary"]["no"], {"If-Match": answer.headers["ETag"]}
    if paper_no is not None:
        named = lead.put(
            f"{STAFF}/plans/{no}/annual-row",
            json={"paper_no": paper_no, "row_key": "01"},
            headers=match,
        )
        assert named.status_code == 200, named.json
    match = {"If-Match": lead.post(f"{STAFF}/plans/{no}/freeze", headers=match).headers["ETag"]}
    for each in (lead, second):
        assert each.post(f"{STAFF}/plans/{no}/dice", json={"dice": DICE}).status_code == 200
    value = {"value": "ab" * 32}
    assert lead.post(f"{STAFF}/plans/{no}/entropy", json=value).status_code == 200
    assert lead.post(f"{STAFF}/plans/{no}/draw", headers=match).status_code == 201
    return str(no)


def found(lead: Any, no: str, count: int = 1, outcome: str = "pass") -> list[str]:
    units = lead.get(f"{STAFF}/plans/{no}/units").json["items"]
    codes = [unit["code"] for unit in units if unit["result"] is None][:count]
    facts = {"inspected_on": "2026-11-18", "outcome": outcome}
    body = {"results": [{"code": code, **facts} for code in codes]}
    assert lead.post(f"{STAFF}/plans/{no}/results", json=body).status_code == 201
    return codes


def record(lead: Any, second: Any, no: str, code: str, **facts: Any) -> str:
    body = {"plan_no": no, "code": code, "codes": ["1"], **facts}
    answer = lead.post(f"{STAFF}/publication/inspections", json=body)
    assert answer.status_code == 201, answer.json
    number = str(answer.json["no"])
    done = step(second, f"{STAFF}/publication/records/{number}/publish")
    assert done.status_code == 200, done.json
    return number


def test_from_annual_plan_to_published_result(lead: Any, second: Any, visitor: Any) -> None:
    paper_no = published(lead, second)
    no = drawn(lead, second, paper_no)
    (code,) = found(lead, no)
    number = record(lead, second, no, code, statement="现场无异常")

    (plan,) = visitor.get(f"{PUBLIC}/annual-plans").json["items"]
    assert (plan["no"], plan["edition"]) == (paper_no, 1)
    (row,) = visitor.get(f"{PUBLIC}/annual-plans/{paper_no}").json["progress"]
    assert (row["planned"], row["drawn"], row["published"]) == (5, 5, 1)
    (task,) = visitor.get(f"{PUBLIC}/tasks").json["items"]
    assert (task["no"], task["annual_plan"], task["row"], task["published"]) == (
        no, paper_no, "01", 1,
    )  # fmt: skip
    (result,) = visitor.get(f"{PUBLIC}/results").json["items"]
    assert (result["no"], result["state"], result["statement"]) == (
        number, "published", "现场无异常",
    )  # fmt: skip
    assert [one["national"] for one in result["codes"]] == [1]
    assert visitor.get(f"{PUBLIC}/results/{number}").json == result


def test_the_desk_tells_when_a_result_must_be_public(lead: Any, second: Any) -> None:
    no = drawn(lead, second)
    found(lead, no)

    (row,) = lead.get(f"{STAFF}/publication/desk", query_string={"plan_no": no}).json

    # 20 working days after Wednesday 2026-11-18, no holiday between: 2026-12-16.
    assert (row["state"], row["due_on"], row["is_overdue"]) == ("missing", "2026-12-16", False)


def test_nothing_that_waits_is_public(lead: Any, second: Any, visitor: Any) -> None:
    paper_no = drafted(lead)
    no = drawn(lead, second)
    (code,) = found(lead, no)
    body = {"plan_no": no, "code": code, "codes": ["1"]}
    number = lead.post(f"{STAFF}/publication/inspections", json=body).json["no"]

    for who in (visitor, lead):
        assert who.get(f"{PUBLIC}/annual-plans").json["total"] == 0
        assert who.get(f"{PUBLIC}/papers/{paper_no}").status_code == 404
        assert who.get(f"{PUBLIC}/results").json["total"] == 0
        assert who.get(f"{PUBLIC}/results/{number}").status_code == 404


def test_one_person_cannot_do_both(lead: Any, second: Any) -> None:
    paper_no = drafted(lead)
    no = drawn(lead, second)
    (code,) = found(lead, no)
    body = {"plan_no": no, "code": code, "codes": ["1"]}
    number = lead.post(f"{STAFF}/publication/inspections", json=body).json["no"]

    for path in (f"papers/{paper_no}/approve", f"publication/records/{number}/publish"):
        answer = step(lead, f"{STAFF}/{path}")
        assert answer.status_code == 403
        assert answer.json["type"] == "/problems/sampling/another-person-needed"


def test_each_step_needs_the_version_that_was_read(lead: Any, second: Any) -> None:
    paper_no = drafted(lead)
    path = f"{STAFF}/papers/{paper_no}"

    assert second.post(f"{path}/approve").status_code == 428
    assert second.post(f"{path}/approve", headers={"If-Match": '"v9"'}).status_code == 412
    assert lead.put(path, json={"title": "x", "authority": "y", "body": {}}).status_code == 428


@pytest.mark.parametrize(
    ("role", "method", "path"),
    [
        (None, "get", "papers"),
        (None, "get", "publication/desk"),
        (Role.ENTERPRISE, "get", "publication/records"),
        (Role.ENTERPRISE, "get", "contracts"),
        (Role.INSPECTOR, "post", "papers"),
        (Role.INSPECTOR, "post", "publication/samples"),
        (Role.RISK_ANALYST, "post", "publication/inspections"),
        (Role.INSPECTOR, "post", "publication/records/GS-2026-0001/publish"),
    ],
)
def test_who_may_not_is_turned_away(
    app: Any, sign_in: SignIn, role: Role | None, method: str, path: str
) -> None:
    client = app.test_client()
    if role is not None:
        sign_in(client, role)

    answer = getattr(client, method)(
        f"{STAFF}/{path}", **({"json": {}} if method == "post" else {})
    )

    assert answer.status_code == (401 if role is None else 403)


@pytest.mark.parametrize(
    "path",
    ["annual-plans", "papers", "tasks", "results", "annual-plans.csv", "tasks.csv", "results.csv"],
)
def test_an_unknown_parameter_is_refused(visitor: Any, path: str) -> None:
    answer = visitor.get(f"{PUBLIC}/{path}?sort=-failures")

    assert answer.status_code == 400
    assert [each["field"] for each in answer.json["fields"]] == ["sort"]


@pytest.mark.parametrize(
    "query", ["since=yesterday", "outcome=bad", "limit=0", "cursor=zzz", "kind=recall", "limit=201"]
)
def test_a_parameter_that_cannot_be_meant_is_refused(visitor: Any, query: str) -> None:
    answer = visitor.get(f"{PUBLIC}/results?{query}")

    assert answer.status_code == 400, answer.json
    assert answer.json["fields"][0]["field"] == query.partition("=")[0]


def test_the_public_lists_are_paged_and_cached_by_their_content(
    lead: Any, second: Any, visitor: Any
) -> None:
    no = drawn(lead, second)
    numbers = [record(lead, second, no, code) for code in found(lead, no, 3)]

    first = visitor.get(f"{PUBLIC}/results?limit=2")
    rest = visitor.get(f"{PUBLIC}/results", query_string={"limit": 2, "cursor": first.json["next"]})

    told = [one["no"] for page in (first, rest) for one in page.json["items"]]
    assert told == sorted(numbers, reverse=True)
    assert (first.json["total"], rest.json["next"]) == (3, None)
    match = {"If-None-Match": first.headers["ETag"]}
    assert visitor.get(f"{PUBLIC}/results?limit=2", headers=match).status_code == 304
    step(second, f"{STAFF}/publication/records/{numbers[2]}/withdraw", json={"reason": "有误"})
    assert visitor.get(f"{PUBLIC}/results?limit=2", headers=match).status_code == 200


def test_a_withdrawal_and_a_correction_are_seen_by_everybody(
    lead: Any, second: Any, visitor: Any
) -> None:
    no = drawn(lead, second)
    one, two = found(lead, no, 2)
    gone, old = record(lead, second, no, one), record(lead, second, no, two)
    answer = step(
        second, f"{STAFF}/publication/records/{gone}/withdraw", json={"reason": "主体认定有误"}
    )
    assert answer.status_code == 200
    new = record(lead, second, no, two, codes=["2"], corrects=old, reason="漏录")

    shown = {each["no"]: each for each in visitor.get(f"{PUBLIC}/results").json["items"]}

    assert (shown[gone]["state"], shown[gone]["withdraw_reason"]) == ("withdrawn", "主体认定有误")
    assert (shown[old]["state"], shown[old]["corrected_by"]) == ("corrected", new)
    assert (shown[new]["state"], shown[new]["corrects"]) == ("published", old)
    for what in ("atom", "json"):
        text = visitor.get(f"/feeds/results.{what}?lang=en").text
        assert "[withdrawn]" in text
        assert "主体认定有误" in text


def announce(lead: Any, case_no: str, **changes: Any) -> Any:
    return lead.post(f"{STAFF}/publication/samples", json={"case_no": case_no, **NOTICE, **changes})


def test_a_case_is_announced_in_the_columns_of_the_notice(
    lead: Any, second: Any, visitor: Any, session: Session, cast: Cast
) -> None:
    failed = confirmed(cast, FAIL, "=电源适配器")
    passed = confirmed(cast, PASS, "插座", record_no="CY-2")
    session.commit()
    numbers = [
        announce(lead, one.no, serial=place).json["no"]
        for place, one in enumerate((failed, passed), 1)
    ]
    for each in numbers:
        assert step(second, f"{STAFF}/publication/records/{each}/publish").status_code == 200

    answer = visitor.get(f"{PUBLIC}/results.csv?kind=sample&style=seller")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))

    assert [row["销售单位名称"] for row in rows] == [cast.unit.name] * 2
    assert [row["销售单位地址"] for row in rows] == ["云汐路1号", "云汐省"]
    assert rows[0]["不合格项目║检验结果║标准值"] == "耐压║击穿║不击穿"
    assert rows[0]["产品名称"] == "'=电源适配器"  # no spreadsheet runs it
    assert [row["抽样编号"] for row in rows] == ["CY-1", "CY-2"]
    assert [rows[0][name] for name in ("规格型号", "商标", "生产日期/批号", "检验机构")] == [
        "YX-65", "云汐", "C-0711", "甲检验院",
    ]  # fmt: skip
    assert visitor.get(f"{PUBLIC}/results/{numbers[1]}").json["columns"]["unit_address"] == "云汐省"
    assert "被抽样单位名称" in visitor.get(f"{PUBLIC}/results.csv?kind=sample").text


def test_a_case_that_does_not_stand_is_not_announced(
    lead: Any, session: Session, cast: Cast, case: SamplingCase
) -> None:
    notified(cast, case, FAIL)
    session.commit()

    answer = announce(lead, case.no)

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/sampling/not-confirmed")


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({"case_no": "JC-2026-9999"}, 404, "sampling/case-unknown"),
        ({"case_no": "  "}, 422, "http/invalid-input"),
        # What the case says cannot be said otherwise.
        ({"purpose": "supervision"}, 422, "http/invalid-input"),
        ({"stage": "final"}, 422, "http/invalid-input"),
        ({"outcome": "pass"}, 422, "http/invalid-input"),
        ({"failed_items": []}, 422, "http/invalid-input"),
        ({"serial": 1.5}, 422, "http/invalid-input"),
        ({"serial": 0}, 422, "sampling/published-record-invalid"),
        ({"announced_on": "2026-03-31"}, 422, "sampling/published-record-invalid"),
    ],
)
def test_what_may_not_be_announced_is_refused(
    lead: Any, session: Session, cast: Cast, changes: dict[str, Any], status: int, told: str
) -> None:
    number = confirmed(cast, FAIL).no
    session.commit()

    answer = announce(lead, **{"case_no": number, **changes})

    assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{told}")
    assert lead.get(f"{STAFF}/publication/records").json["total"] == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"body": {"rows": []}}, "rows"),
        ({"body": {"rows": [{**ROW, "quantity": -1}]}}, "rows.0.quantity"),
        ({"body": {"rows": [ROW, ROW]}}, "rows.0.key"),
        ({"body": {"rows": [5]}}, "rows.0"),
        ({"body": {"rows": "x"}}, "rows"),
        ({"body": {"rows": [ROW], "colour": 1}}, "colour"),
        ({"year": 1999}, "year"),
        ({"title": " "}, "title"),
    ],
)
def test_a_paper_that_cannot_be_meant_is_refused(
    lead: Any, changes: dict[str, Any], field: str
) -> None:
    answer = lead.post(f"{STAFF}/papers", json={**PAPER, **changes})

    assert answer.status_code == 422, answer.json
    assert field in [each["field"] for each in answer.json["fields"]]


def test_the_feeds_are_valid_and_say_the_same(lead: Any, second: Any, visitor: Any) -> None:
    paper_no = published(lead, second, title="计划 <甲> & \x0b乙")
    no = drawn(lead, second, paper_no)
    number = record(lead, second, no, found(lead, no)[0])

    for what, address in (
        ("plans", f"/papers/{paper_no}?edition=1"),
        ("tasks", f"/v/{no}"),
        ("results", f"/results/{number}"),
    ):
        atom = visitor.get(f"/feeds/{what}.atom")
        assert atom.mimetype == "application/atom+xml"
        root = ElementTree.fromstring(atom.data)
        for needed in ("id", "title", "updated"):
            assert root.findtext(f"{ATOM}{needed}")
        (entry,) = root.findall(f"{ATOM}entry")
        data = visitor.get(f"/feeds/{what}.json")
        assert data.mimetype == "application/feed+json"
        assert data.json["version"].endswith("/1.1")
        (item,) = data.json["items"]
        assert entry.findtext(f"{ATOM}id") == item["id"] == f"http://localhost{address}"
        assert entry.findtext(f"{ATOM}updated") == item["date_modified"]
        assert item["title"].replace("\x0b", "") == entry.findtext(f"{ATOM}title")
        match = {"If-None-Match": atom.headers["ETag"]}
        assert visitor.get(f"/feeds/{what}.atom", headers=match).status_code == 304
    assert visitor.get("/feeds/secrets.atom").status_code == 404


def test_an_empty_feed_is_a_feed(visitor: Any, city: None) -> None:
    root = ElementTree.fromstring(visitor.get("/feeds/results.atom").data)

    assert root.findtext(f"{ATOM}updated")
    assert root.findall(f"{ATOM}entry") == []


def test_the_files_hold_every_row(lead: Any, second: Any, visitor: Any) -> None:
    paper_no = published(lead, second)
    no = drawn(lead, second, paper_no)
    number = record(lead, second, no, found(lead, no)[0])

    def rows(path: str) -> list[dict[str, str]]:
        data = visitor.get(f"{PUBLIC}/{path}").data.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(data)))

    (annual,) = rows("annual-plans.csv")
    assert (annual["计划编号"], annual["抽查比例"], annual["数量"]) == (paper_no, "0.05", "5")
    (task,) = rows("tasks.csv")
    assert (task["任务编号"], task["年度计划"], task["已公示结果"]) == (no, paper_no, "1")
    (result,) = rows("results.csv")
    assert (result["公示记录号"], result["结果代码"], result["抽查结果"], result["状态"]) == (
        number, "1", "未发现问题", "有效",
    )  # fmt: skip


def contract(lead: Any, **changes: Any) -> Any:
    body = {
        "role": "agency",
        "agency_code": "91370000MA3AGENCY1",
        "agency_name": "远山检验有限公司",
        "scope": "充电器抽样",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "forbids_subcontracting": "true",
        "file": (io.BytesIO(b"%PDF signed"), "wt.pdf"),
    }
    return lead.post(f"{STAFF}/contracts", data={**body, **changes})


def test_a_contract_is_kept_with_its_file_and_ends_with_a_reason(lead: Any) -> None:
    import hashlib

    made = contract(lead)
    assert made.status_code == 201, made.json
    no = made.json["no"]
    assert made.json["file_sha256"] == hashlib.sha256(b"%PDF signed").hexdigest()
    assert made.json["state"] == "valid"

    ended = step(lead, f"{STAFF}/contracts/{no}/end", json={"on": "2026-11-18", "reason": "违约"})
    assert ended.json["state"] == "ended"
    again = step(lead, f"{STAFF}/contracts/{no}/end", json={"on": "2026-11-19", "reason": "x"})
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"forbids_subcontracting": "false"}, "forbids_subcontracting"),
        ({"valid_until": "2025-12-31"}, "valid_until"),
        ({"file": (io.BytesIO(b""), "wt.pdf")}, "file"),
        ({"agency_name": " "}, "agency_name"),
    ],
)
def test_a_contract_that_may_not_be_relied_on_is_refused(
    lead: Any, changes: dict[str, Any], field: str
) -> None:
    answer = contract(lead, **changes)

    assert answer.status_code == 422, answer.json
    assert field in [each["field"] for each in answer.json["fields"]]


def notice(lead: Any, no: str, **changes: Any) -> Any:
    units = lead.get(f"{STAFF}/plans/{no}/units").json["items"]
    body = {
        "plan_no": no,
        "code": units[0]["code"],
        "authority": "云汐市市场监督管理局",
        "basis": "产品质量法第十五条",
        "visit_on": "2026-12-01",
        "valid_until": "2026-12-15",
    }
    return lead.post(f"{STAFF}/notices", json={**body, **changes})


def test_a_notice_names_two_people_and_is_checked_by_its_secret_only(
    lead: Any, second: Any, visitor: Any, frozen_clock: Callable[[str], Any]
) -> None:
    no = drawn(lead, second)
    made = notice(lead, no)
    assert made.status_code == 201, made.json
    assert len(made.json["samplers"]) == 2
    assert notice(lead, no).status_code == 409  # one that stands is enough
    token = made.json["check_token"]

    early = visitor.get(f"/notices/{token}?lang=en")
    assert (early.status_code, "genuine, for a later day" in early.text) == (200, True)
    for wrong in ("x", token[:-1], token.swapcase(), "%25", "' or 1=1"):
        page = visitor.get(f"/notices/{wrong}?lang=en")
        assert page.status_code == 404
        assert made.json["unit_name"] not in page.text

    frozen_clock("2026-12-01T01:00:00+00:00")
    assert "genuine and in force" in visitor.get(f"/notices/{token}?lang=en").text
    frozen_clock("2026-12-16T01:00:00+00:00")
    assert "expired" in visitor.get(f"/notices/{token}?lang=en").text
    match = {"If-Match": made.headers["ETag"]}
    path = f"{STAFF}/notices/{made.json['no']}/withdraw"
    assert lead.post(path, json={"reason": "改期"}, headers=match).status_code == 200
    page = visitor.get(f"/notices/{token}?lang=en").text
    assert "withdrawn" in page
    assert "改期" in page


def test_a_notice_for_an_agency_needs_its_contract_on_the_day(lead: Any, second: Any) -> None:
    no = drawn(lead, second)
    agency = {"agency_code": "91370000MA3AGENCY1"}
    assert notice(lead, no, **agency).status_code == 409
    contract(lead, valid_until="2026-11-30")
    late = notice(lead, no, **agency)  # the visit is on 1 December
    assert late.json["type"] == "/problems/sampling/contract-not-valid"
    contract(lead)

    assert notice(lead, no, **agency).json["contract_no"] is not None


def test_the_public_reads_no_notice_without_its_secret(
    lead: Any, second: Any, session: Session
) -> None:
    from sqlalchemy import func, select, text

    from core.unit_of_work import PUBLIC_ACCESS, read_only

    assert notice(lead, drawn(lead, second)).status_code == 201
    with read_only(PUBLIC_ACCESS) as reader:
        for table in ("check_notice", "agency_contract"):
            count = select(func.count()).select_from(text(table))
            assert reader.execute(count).scalar_one() == 0
