"""Pages of warnings, uploads, audit log and jobs: who sees them, and that they tell the truth."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, imports, outbox
from core.actors import STAFF, SYSTEM, Role
from core.clock import now
from core.outbox import JobRun
from risk.imports import COMPLAINTS
from risk.queries.signals import signal_detail, signal_row
from risk.service.detecting import detect
from risk.service.observing import store_incidents
from tests import factories
from tests.console.doors import sign_in
from tests.services.risk.histories import LAST_WEEK, NOW, complaints
from worker.probe import ProbeSent

__all__ = ["sign_in"]

SignIn = Callable[..., None]
LIST = "/console/warnings"
ANALYSTS = {Role.RISK_ANALYST, Role.ADMINISTRATOR}
READERS = ANALYSTS | {Role.LEAD_INSPECTOR}
ROLES = sorted(STAFF | {Role.ENTERPRISE})
HEADER = "编号,受理日期,行政区划代码,产品类别代码\n"
GOOD = "A1,2026-11-02,990100,C1\nA2,2026-11-03,990100,C1\n"
BAD = "A1,2026-11-02,990100,C1\nA2,yesterday,990100,C1\nA3,yesterday,990100,C1\n"


@pytest.fixture(autouse=True)
def _now(frozen_clock: Any) -> None:
    frozen_clock(NOW)


@pytest.fixture
def raised(session: Session) -> list[str]:
    """Numbers of two warnings: one red, and one of another region and category."""
    factories.region(session, code="990100", name="岚州市")
    factories.category(session, code="C1", name="充电器")
    rows = [*complaints("990100", "C1", extra=25), *complaints("990200", "C2", extra=9, seed=2)]
    for row in rows:
        row["description"] = "smoke"
    store_incidents(session, rows)
    detect(session, SYSTEM)
    session.commit()
    return ["WS-2026-0001", "WS-2026-0002"]


def _numbers(client: Any, **query: str) -> list[str]:
    answer = client.get(f"{LIST}.json", query_string=query)
    assert answer.status_code == 200
    return [item["number"] for item in answer.json["items"]]


# ---- warnings ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_a_warning_is_read_and_decided_by_its_roles_only(
    client: Any, sign_in: SignIn, raised: list[str], role: Role
) -> None:
    sign_in(client, role)
    address = f"{LIST}/{raised[0]}"

    assert client.get(address).status_code == (200 if role in READERS else 403)
    assert client.get(f"{LIST}.csv").status_code == (200 if role in READERS else 403)
    answer = client.post(f"{address}/decide", data={})
    assert answer.status_code == (422 if role in ANALYSTS else 403)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_list_and_warning_answer_in_both_languages(
    client: Any, sign_in: SignIn, raised: list[str], lang: str
) -> None:
    sign_in(client, Role.RISK_ANALYST)

    for address in (LIST, f"{LIST}/{raised[0]}", "/console/imports", "/console/jobs"):
        page = client.get(address, query_string={"lang": lang})
        assert page.status_code == 200, address
        assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in page.text


def test_filters_narrow_the_page_and_its_files_alike(
    client: Any, sign_in: SignIn, session: Session, raised: list[str]
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    red, other = raised
    level = signal_row(session, other).level

    assert sorted(_numbers(client)) == raised
    assert _numbers(client, region="990100") == [red]
    assert _numbers(client, category="C2") == [other]
    assert _numbers(client, state="closed") == []
    assert red in _numbers(client, level="red")
    assert other in _numbers(client, level=level)
    page = client.get(LIST, query_string={"region": "990100"}).text
    assert red in page
    assert other not in page
    table = client.get(f"{LIST}.csv", query_string={"region": "990100"}).data.decode("utf-8-sig")
    assert red in table
    assert other not in table
    assert f"{LIST}.csv?region=990100" in html.unescape(page)


def test_the_chart_and_its_table_show_the_numbers_of_the_query(
    client: Any, sign_in: SignIn, session: Session, raised: list[str]
) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)
    series = signal_detail(session, raised[0]).series

    page = client.get(f"{LIST}/{raised[0]}").text

    found = re.search(r'<script type="application/json" id="control-option">(.*?)</script>', page)
    assert found is not None
    option = json.loads(found.group(1))
    observed, expected, upper, alarms = (each["data"] for each in option["series"])
    assert option["xAxis"]["data"] == series["weeks"]
    assert (observed, expected, upper) == (series["observed"], series["expected"], series["upper"])
    assert [week for week, _ in alarms] == [
        week for week, alarm in zip(series["weeks"], series["alarm"], strict=True) if alarm
    ]
    twin = re.findall(r'<tr[^>]*><td>(\d{4}-W\d\d)</td><td class="num">(\d+)</td>', page)
    assert (
        twin
        == [
            (week, str(count))
            for week, count in zip(series["weeks"], series["observed"], strict=True)
        ][::-1]
    )


def test_a_warning_says_its_rule_its_method_its_data_and_its_evidence(
    client: Any, sign_in: SignIn, session: Session, raised: list[str]
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    detail = signal_detail(session, raised[0])

    page = client.get(f"{LIST}/{raised[0]}", query_string={"lang": "en"}).text

    for words in (
        detail.signal.algorithm_version,
        detail.level_table,
        detail.signal.data_through.isoformat(),
        LAST_WEEK,
        *(row.number for row in detail.evidence.rows),
    ):
        assert words in page


def test_a_decision_is_recorded_with_its_reason(
    client: Any, sign_in: SignIn, session: Session, raised: list[str]
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    address = f"{LIST}/{raised[0]}"
    version = signal_row(session, raised[0]).version

    answer = client.post(
        f"{address}/decide",
        data={"action": "confirm", "reason": "lot C-0711 heats up", "version": version},
    )

    assert answer.status_code == 303
    assert signal_detail(session, raised[0]).decisions[0].action == "confirm"
    assert "lot C-0711 heats up" in client.get(address).text


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"reason": " "}, 422), ({"action": "forget"}, 422), ({"version": "99"}, 412)],
)
def test_a_refused_decision_is_told_on_the_page_and_changes_nothing(
    client: Any,
    sign_in: SignIn,
    session: Session,
    raised: list[str],
    changes: dict[str, str],
    status: int,
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    version = signal_row(session, raised[0]).version
    good = {"action": "assign", "reason": "my district", "version": str(version)}

    answer = client.post(f"{LIST}/{raised[0]}/decide", data={**good, **changes})

    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert signal_detail(session, raised[0]).decisions == ()


def test_an_unknown_warning_is_not_found(client: Any, sign_in: SignIn, raised: list[str]) -> None:
    sign_in(client, Role.RISK_ANALYST)

    assert client.get(f"{LIST}/WS-2026-9999").status_code == 404


def test_the_counts_by_level_are_those_of_the_list_below(
    client: Any, sign_in: SignIn, session: Session, raised: list[str]
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    client.post(f"{LIST}/{raised[0]}/decide", data=_decision(session, raised[0], "close"))

    for query in ({}, {"state": "closed"}, {"state": "open"}, {"region": "990100"}):
        total = client.get(f"{LIST}.json", query_string=query).json["total"]
        page = client.get(LIST, query_string={**query, "lang": "en"}).text
        assert re.search(rf"All <small>{total}</small>", page), query
    assert _numbers(client, state="open") == [raised[1]]


def test_the_database_sorts_the_list(client: Any, sign_in: SignIn, raised: list[str]) -> None:
    sign_in(client, Role.RISK_ANALYST)
    orders = {
        sort: _numbers(client, sort=sort) for sort in ("observed", "-observed", "upper", "-week")
    }

    assert orders["observed"] == orders["-observed"][::-1]
    assert all(sorted(found) == raised for found in orders.values())


def _decision(session: Session, no: str, action: str, **more: str) -> dict[str, str]:
    version = str(signal_row(session, no).version)
    return {"action": action, "reason": "so", "version": version, **more}


def test_a_decision_from_a_stale_page_must_be_chosen_again(
    client: Any, sign_in: SignIn, session: Session, raised: list[str]
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    address = f"{LIST}/{raised[0]}/decide"
    mine = _decision(session, raised[0], "close", reason="nothing behind it")
    theirs = _decision(session, raised[0], "confirm", reason="the lot heats up")
    client.post(address, data=theirs)

    answer = client.post(address, data=mine)

    assert answer.status_code == 412
    assert "the lot heats up" in answer.text
    assert "nothing behind it" in answer.text
    assert " checked" not in answer.text
    assert f'name="version" value="{signal_row(session, raised[0]).version}"' in answer.text


def test_a_warning_is_given_to_a_colleague(
    client: Any, sign_in: SignIn, session: Session, raised: list[str]
) -> None:
    colleague = factories.account(session, role=Role.RISK_ANALYST)
    sign_in(client, Role.RISK_ANALYST)
    address = f"{LIST}/{raised[0]}/decide"

    nobody = client.post(address, data=_decision(session, raised[0], "assign", owner="nobody"))
    given = client.post(
        address, data=_decision(session, raised[0], "assign", owner=colleague.login)
    )

    assert nobody.status_code in (404, 422)
    assert given.status_code == 303
    assert signal_detail(session, raised[0]).signal.owner == colleague.display_name


# ---- uploads -------------------------------------------------------------------------------


def _upload(client: Any, text: str) -> str:
    answer = client.post(
        "/console/imports",
        data={"kind": "complaints", "file": (io.BytesIO((HEADER + text).encode()), "c.csv")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def _carry_out(session: Session, address: str) -> imports.ImportRecord:
    record = session.get_one(imports.ImportRecord, int(address.rsplit("/", 1)[-1]))
    imports.carry_out(session, SYSTEM, COMPLAINTS, record)
    session.commit()
    return record


def test_an_upload_is_checked_first_and_stored_when_confirmed(
    client: Any, sign_in: SignIn, session: Session
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    address = _upload(client, GOOD)
    waiting = client.get(address).text
    assert 'hx-trigger="every 1s"' in waiting
    assert f'<a href="{address}">' in waiting  # the same, by hand, without JavaScript

    assert _carry_out(session, address).state == "checked"
    assert "hx-trigger" not in client.get(address).text
    answer = client.post(f"{address}/store")

    assert answer.status_code == 303
    assert _carry_out(session, answer.headers["Location"]).state == "done"


def test_problems_are_told_in_groups_and_good_rows_are_a_recorded_choice(
    client: Any, sign_in: SignIn, session: Session
) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)
    address = _upload(client, BAD)
    record = _carry_out(session, address)

    page = client.get(address).text
    marked = client.get(f"{address}/marked")
    answer = client.post(f"{address}/store", data={"good_rows_only": "yes"})
    stored = _carry_out(session, answer.headers["Location"])

    assert (record.state, record.problem_count) == ("checked", 2)
    assert "×2" in page
    assert "问题" in marked.data.decode("utf-8-sig").splitlines()[0]
    assert (stored.state, stored.good_rows_only) == ("done", True)


def test_a_file_that_fits_no_kind_is_refused_on_the_page(client: Any, sign_in: SignIn) -> None:
    sign_in(client, Role.ADMINISTRATOR)

    for data in (
        {"kind": "complaints"},
        {"kind": "nonsense", "file": (io.BytesIO(b"a\n1\n"), "c.csv")},
        {"kind": "complaints", "file": (io.BytesIO(b"a\n1\n"), "c.csv")},
    ):
        answer = client.post("/console/imports", data=data, content_type="multipart/form-data")
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text


# ---- audit log and jobs --------------------------------------------------------------------


def test_the_audit_log_pages_back_and_checks_its_chain(
    client: Any, sign_in: SignIn, session: Session
) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    for number in range(60):
        audit.record(session, SYSTEM, "test.acted", f"subject-{number}")
    session.commit()

    page = client.get("/console/audit?check=1").text
    older = re.search(r'href="([^"]*before=\d+[^"]*)"', page)

    assert "subject-59" in page
    assert "subject-1<" not in page
    assert 'class="note good" role="status"' in page
    assert older is not None
    assert "subject-1<" in client.get(html.unescape(older.group(1))).text


def test_a_broken_chain_is_told_with_its_entry(
    client: Any, sign_in: SignIn, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    monkeypatch.setattr("core.journal.first_broken", lambda session, stream: 17)

    page = client.get("/console/audit?check=1&lang=en").text

    assert 'class="note bad" role="alert"' in page
    assert "17" in page


def test_a_waiting_job_is_shown_and_stopped(client: Any, sign_in: SignIn, session: Session) -> None:
    message = outbox.add(session, ProbeSent("look"))
    job = JobRun(
        message_id=message,
        job="worker.probe:answer",
        queue="quick",
        state="waiting",
        created_at=now(),
    )
    session.add(job)
    session.commit()
    sign_in(client, Role.INSPECTOR)
    assert client.post(f"/console/jobs/{job.id}/cancel").status_code == 403
    sign_in(client, Role.RISK_ANALYST)
    fragment = client.get("/console/jobs", headers={"HX-Request": "true"}).text
    assert 'hx-trigger="every 1s"' in fragment
    assert "<html" not in fragment

    answer = client.post(f"/console/jobs/{job.id}/cancel")

    assert answer.status_code == 303
    session.expire_all()
    state = session.execute(select(JobRun.state).where(JobRun.id == job.id)).scalar_one()
    assert state == "cancelled"
    assert "hx-trigger" not in client.get("/console/jobs").text
