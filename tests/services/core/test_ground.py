from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

from core import files, journal, meta, numbers
from core.actors import SYSTEM, Role
from core.errors import Stale
from core.journal import JournalEntry
from core.passwords import WeakPassword, hashed, matches
from core.unit_of_work import unit_of_work
from registry import queries, service
from registry.errors import LoginTaken, RuleNotInForce, TooManyAttempts, WrongPassword
from registry.models import Account, Person
from tests import factories


def test_numbers_have_no_gap_and_no_repeat(session: Session) -> None:
    found = [numbers.next_number(session, "CC", 2026) for _ in range(3)]

    assert found == ["CC-2026-0001", "CC-2026-0002", "CC-2026-0003"]
    assert numbers.next_number(session, "CC", 2027) == "CC-2027-0001"


def test_a_journal_is_one_chain_and_a_forged_entry_is_found(session: Session) -> None:
    for n in range(5):
        journal.append(session, "trial", "noted", {"n": n})
    assert journal.first_broken(session, "trial") is None

    # Only the owner of the tables can do this, by switching the trigger off.
    session.execute(text("ALTER TABLE journal_entry DISABLE TRIGGER journal_entry_append_only"))
    session.execute(
        text("UPDATE journal_entry SET body = '{\"n\": 9}' WHERE stream = 'trial' AND sequence = 3")
    )
    session.expire_all()

    assert journal.first_broken(session, "trial") == 3


def test_a_journal_entry_cannot_be_changed(session: Session) -> None:
    journal.append(session, "trial", "noted", {"n": 1})

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("UPDATE journal_entry SET kind = 'x'"))


def test_the_same_bytes_are_kept_once(session: Session) -> None:
    one = files.store(session, b"abc", name="a.csv", media_type="text/csv")
    two = files.store(session, b"abc", name="b.csv", media_type="text/csv")

    assert one.sha256 == two.sha256
    assert files.load(session, one.sha256).content == b"abc"
    assert session.execute(select(func.count()).select_from(files.StoredFile)).scalar_one() == 1


def test_a_lost_update_is_refused(committed: str) -> None:
    from registry.models import Enterprise

    with unit_of_work() as session:
        enterprise_id = factories.enterprise(session).id
    with pytest.raises(Stale), unit_of_work() as mine:
        row = mine.get_one(Enterprise, enterprise_id)
        with unit_of_work() as theirs:
            theirs.get_one(Enterprise, enterprise_id).name = "theirs"
        row.name = "mine"


def test_personal_data_is_sealed_at_rest(session: Session) -> None:
    person = factories.person(session, identity_no="990101199001011234")
    session.flush()

    raw = session.execute(
        text("SELECT identity_no FROM person WHERE id = :id"), {"id": person.id}
    ).scalar_one()

    assert b"990101" not in bytes(raw)
    session.expire(person)
    assert session.get_one(Person, person.id).identity_no == "990101199001011234"


def test_a_naive_datetime_is_not_stored(session: Session) -> None:
    person = factories.enterprise(session)
    person.updated_at = datetime(2026, 1, 1)  # noqa: DTZ001

    with pytest.raises(StatementError, match="time zone"):
        session.flush()


def test_a_database_keeps_what_it_was_born_as(session: Session) -> None:
    assert service.born_as(session, "demo") == "demo"
    assert service.born_as(session, "production") == "demo"
    assert service.is_demo(session)
    assert meta.get(session, "unheard") is None


def test_passwords_are_hashed_and_short_ones_refused() -> None:
    stored = hashed("a long enough one")

    assert matches(stored, "a long enough one")
    assert not matches(stored, "another long one!")
    assert not matches(None, "no account has this password")
    with pytest.raises(WeakPassword, match="12"):
        hashed("short")


def test_signing_in_is_throttled_after_five_failures(session: Session) -> None:
    service.add_account(
        session,
        SYSTEM,
        login="wang",
        display_name="王",
        password="a long enough one",
        role=Role.INSPECTOR,
    )
    for _ in range(5):
        service.check_attempts(session, "wang", "192.0.2.1")
        with pytest.raises(WrongPassword):
            service.account_for(session, "wang", "wrong")
        service.record_failure(session, "wang", "192.0.2.1")
        session.flush()

    with pytest.raises(TooManyAttempts):
        service.check_attempts(session, "wang", "192.0.2.1")
    service.check_attempts(session, "li", "192.0.2.1")


def test_a_login_is_given_once(session: Session) -> None:
    facts = {"display_name": "王", "password": "a long enough one", "role": "inspector"}
    service.add_account(session, SYSTEM, login="wang", **facts)

    with pytest.raises(LoginTaken):
        service.add_account(session, SYSTEM, login="wang", **facts)


def test_a_token_opens_until_it_is_revoked(session: Session) -> None:
    account = factories.account(session, role=Role.RISK_ANALYST)
    secret = service.issue_token(session, account.id, kind="token")

    actor = service.actor_of(session, secret, kind="token")
    assert actor is not None
    assert actor.role is Role.RISK_ANALYST
    assert service.actor_of(session, secret, kind="session") is None
    service.revoke_token(session, secret)
    session.flush()
    assert service.actor_of(session, secret, kind="token") is None


def test_a_closed_account_opens_nothing(session: Session) -> None:
    account = factories.account(session, role=Role.INSPECTOR)
    secret = service.issue_token(session, account.id, kind="token")
    session.get_one(Account, account.id).is_active = False
    session.flush()

    assert service.actor_of(session, secret, kind="token") is None


def test_rule_packs_load_twice_without_a_change(session: Session, packs: None) -> None:
    before = len(queries.rules(session, "CN-IND"))

    service.load_packs(session)

    assert len(queries.rules(session, "CN-IND")) == before > 0


def test_an_unknown_rule_is_refused_by_name(session: Session, packs: None) -> None:
    with pytest.raises(RuleNotInForce, match="no-such-rule"):
        queries.rule_on(session, "CN-IND", "no-such-rule", datetime(2026, 1, 1, tzinfo=UTC).date())


def test_the_calendar_knows_the_last_loaded_year(session: Session, packs: None) -> None:
    assert queries.calendar(session).last_loaded_year == 2026


def test_journal_entries_hash_what_they_show(session: Session) -> None:
    entry = journal.append(session, "trial", "noted", {"words": "一"})
    session.expire_all()

    again = session.get_one(JournalEntry, entry.id)

    assert again.hash == entry.hash
    assert journal.first_broken(session, "trial") is None
