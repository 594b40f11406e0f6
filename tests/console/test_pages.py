"""Every page: who may open it, in which language, and what it may not contain."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from api.auth import COOKIE
from core.actors import STAFF, Role
from registry import service
from tests import factories

LEADS = {Role.LEAD_INSPECTOR, Role.ADMINISTRATOR}
ANALYSTS = {Role.RISK_ANALYST, Role.ADMINISTRATOR}
# Path → who may open it.
PAGES: dict[str, set[Role]] = {
    "/console/": set(STAFF),
    "/console/warnings": LEADS | ANALYSTS,
    "/console/trace": set(STAFF),
    "/console/plans": set(STAFF),
    "/console/plans/new": LEADS,
    "/console/tasks": LEADS | {Role.INSPECTOR},
    "/console/my": {Role.ENTERPRISE},
    "/console/my/recalls": {Role.ENTERPRISE},
    "/console/my/recalls/new": {Role.ENTERPRISE},
    "/console/ledger": set(STAFF) | {Role.ENTERPRISE},
    "/console/recalls": set(STAFF),
    "/console/imports": LEADS | ANALYSTS,
    "/console/jobs": set(STAFF),
    "/console/audit": {Role.ADMINISTRATOR},
    "/console/search?q=A": set(STAFF),
}
PUBLIC = ("/", "/login", "/draws", "/recalls", "/recalls?q=x", "/api/docs")
ROLES = sorted(STAFF | {Role.ENTERPRISE})


@pytest.fixture
def enter(session: Session, client: Any) -> Callable[[Role], None]:
    """Give the client the session cookie of a role."""

    def _enter(role: Role) -> None:
        account = factories.account(session, role=role)
        client.set_cookie(COOKIE, service.issue_token(session, account.id, kind="session"))

    return _enter


@pytest.mark.parametrize("role", ROLES)
def test_each_page_opens_for_its_roles_and_for_no_other(
    client: Any, enter: Callable[[Role], None], role: Role
) -> None:
    enter(role)

    found = {path: client.get(path).status_code for path in PAGES}

    assert found == {path: 200 if role in may else 403 for path, may in PAGES.items()}


def test_a_stranger_is_sent_to_the_sign_in_page_and_back(client: Any, session: Session) -> None:
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert "/login?next=" in answer.headers["Location"], path


def test_signing_in_leads_back_but_never_to_another_site(client: Any, session: Session) -> None:
    from core.actors import SYSTEM

    service.add_account(
        session,
        SYSTEM,
        login="wang",
        display_name="王",
        password="a long enough one",
        role="inspector",
    )
    form = {"login": "wang", "password": "a long enough one"}

    there = client.post("/login", data={**form, "next": "/console/plans"})
    client.delete_cookie(COOKIE)
    elsewhere = client.post("/login", data={**form, "next": "//elsewhere.example/"})

    assert there.headers["Location"] == "/console/plans"
    assert elsewhere.headers["Location"] == "/console/"


def test_a_wrong_password_is_told_on_the_page(client: Any, session: Session) -> None:
    answer = client.post("/login", data={"login": "nobody", "password": "wrong"})

    assert answer.status_code == 401
    assert 'role="alert"' in answer.text


def test_the_demo_doors_are_shut_in_a_production_database(client: Any, session: Session) -> None:
    service.born_as(session, "production")
    factories.account(session, role=Role.ADMINISTRATOR)

    assert client.post("/login/demo/administrator").status_code == 404
    assert "/login/demo/" not in client.get("/login").text


def test_every_page_of_a_demo_says_so(
    client: Any, session: Session, enter: Callable[[Role], None]
) -> None:
    service.born_as(session, "demo")
    enter(Role.ADMINISTRATOR)

    for path in (*PUBLIC, "/console/", "/console/plans", "/console/jobs", "/nowhere"):
        assert 'class="demo"' in client.get(path).text, path


def test_a_form_without_its_token_is_refused(client: Any, enter: Callable[[Role], None]) -> None:
    enter(Role.LEAD_INSPECTOR)

    answer = client.post("/console/plans/new", data={"title": "x"})

    assert answer.status_code == 403


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_hold_no_inline_script_or_style_and_fetch_nothing_from_elsewhere(
    client: Any, enter: Callable[[Role], None], language: str
) -> None:
    enter(Role.ADMINISTRATOR)
    for path in (*PUBLIC, *(path for path, may in PAGES.items() if Role.ADMINISTRATOR in may)):
        joined = f"{path}{'&' if '?' in path else '?'}lang={language}"
        text = client.get(joined).text

        assert not re.search(r"\sstyle=", text), path
        assert not re.search(r"\son[a-z]+=", text), path
        for tag in re.findall(r"<script[^>]*>", text):
            assert "src=" in tag or 'type="application/json"' in tag, path
        for address in re.findall(r'(?:src|href|action)="([^"]+)"', text):
            assert not address.startswith(("http:", "https:", "//")) or "localhost" in address, path


def test_chinese_is_the_default_and_english_a_choice_that_is_kept(
    client: Any, session: Session
) -> None:
    assert 'lang="zh-CN"' in client.get("/").text
    assert 'lang="en"' in client.get("/?lang=en").text
    assert 'lang="en"' in client.get("/recalls").text


def test_a_refused_plan_names_the_stratum_and_keeps_what_was_typed(
    client: Any, session: Session, enter: Callable[[Role], None]
) -> None:
    enter(Role.LEAD_INSPECTOR)
    factories.enterprise(session, grade="A")
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get("/console/plans").text)
    page = client.get("/console/plans/new").text
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert token is not None

    answer = client.post(
        "/console/plans/new",
        data={"csrf_token": token.group(1), "title": "充电器", "visit_on": "nonsense"},
    )

    assert answer.status_code == 422
    assert 'value="充电器"' in answer.text
    assert 'role="alert"' in answer.text
