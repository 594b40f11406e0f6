"""Use cases of the registry: rule packs, enterprises, grades, accounts."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core import audit, meta, outbox, passwords
from core.actors import STAFF, Actor, Role
from core.clock import now, today
from registry.errors import (
    EnterpriseNeeded,
    LoginTaken,
    TooManyAttempts,
    UnknownRole,
    WrongPassword,
)
from registry.events import GradeSet
from registry.maths.holidays import read_holidays
from registry.maths.packs import Pack, check_bases, read_pack, rule_document
from registry.models import (
    AccessToken,
    Account,
    Category,
    Enterprise,
    GradeChange,
    Holiday,
    Regime,
    Region,
    Rule,
    SignInFailure,
)
from registry.queries import HOLIDAY_VERSION

PACKS = Path(__file__).parent / "packs"

# Sign-in throttling (OWASP ASVS 5.0 asks for a limit, not for these numbers).
FAILURES_ALLOWED = 5
FAILURE_WINDOW = timedelta(minutes=15)

SESSION_LIFE = timedelta(hours=12)
TOKEN_LIFE = timedelta(days=90)


def load_packs(session: Session, folder: Path = PACKS) -> list[Pack]:
    """Bring the rule packs and the holiday table of a folder into the database.

    A rule may change its last day or its words; none ever vanishes, since past cases rest on it.
    """
    packs = [
        read_pack(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.json"))
        if not path.name.startswith("holidays-")
    ]
    check_bases(packs)
    for pack in packs:
        documents = [rule_document(rule) for rule in pack.rules]
        digest = hashlib.sha256(
            json.dumps(documents, sort_keys=True, ensure_ascii=False).encode()
        ).hexdigest()
        regime = session.execute(
            select(Regime).where(Regime.code == pack.code)
        ).scalar_one_or_none()
        if regime is None:
            regime = Regime(code=pack.code)
            session.add(regime)
        regime.title_zh, regime.title_en = pack.title_zh, pack.title_en
        regime.scope, regime.base, regime.digest = pack.scope, pack.base, digest
        session.flush()  # the rules need its id
        known = {
            (row.rule_id, row.valid_from): row
            for row in session.execute(select(Rule).where(Rule.regime_id == regime.id)).scalars()
        }
        for rule, document in zip(pack.rules, documents, strict=True):
            row = known.get((rule.rule_id, rule.valid_from))
            if row is None:
                row = Rule(regime_id=regime.id, rule_id=rule.rule_id, valid_from=rule.valid_from)
                session.add(row)
            row.valid_to, row.document = rule.valid_to, document
    for path in sorted(folder.glob("holidays-*.json")):
        table = read_holidays(json.loads(path.read_text(encoding="utf-8")))
        session.execute(delete(Holiday).where(Holiday.year.in_(table.years)))
        session.add_all(
            Holiday(on=day.on, kind=day.kind.value, name=day.name, source=day.source, year=day.year)
            for day in table.days
        )
        meta.put(session, HOLIDAY_VERSION, table.version)
    session.flush()
    return packs


def ensure_region(
    session: Session,
    code: str,
    name: str,
    *,
    parent_id: int | None = None,
    valid_from: date = date(1949, 10, 1),
) -> Region:
    """The region with this code that is in force; made where there is none."""
    row = session.execute(
        select(Region).where(Region.code == code, Region.valid_to.is_(None))
    ).scalar_one_or_none()
    if row is None:
        row = Region(code=code, name=name, parent_id=parent_id, valid_from=valid_from)
        session.add(row)
        session.flush()  # its id is what the caller wants
    return row


def ensure_category(
    session: Session, code: str, name: str, *, parent_id: int | None = None
) -> Category:
    """The category with this code; made where there is none."""
    row = session.execute(select(Category).where(Category.code == code)).scalar_one_or_none()
    if row is None:
        row = Category(code=code, name=name, parent_id=parent_id)
        session.add(row)
        session.flush()  # its id is what the caller wants
    return row


def set_grade(
    session: Session,
    actor: Actor,
    enterprise: Enterprise,
    grade: str,
    *,
    model: str,
    reason: str,
    on: date | None = None,
) -> GradeChange:
    """Give an enterprise a credit-risk class, with the model that says so."""
    change = GradeChange(
        enterprise_id=enterprise.id,
        grade=grade,
        model=model,
        reason=reason,
        valid_from=on or today(),
        recorded_at=now(),
    )
    enterprise.grade = grade
    session.add(change)
    session.flush()  # the event names a stored change
    outbox.add(session, GradeSet(enterprise_id=enterprise.id, grade=grade, model=model))
    audit.record(
        session, actor, "enterprise.graded", enterprise.code, {"grade": grade, "model": model}
    )
    return change


def add_account(
    session: Session,
    actor: Actor,
    *,
    login: str,
    display_name: str,
    password: str,
    role: str,
    enterprise_id: int | None = None,
    person_id: int | None = None,
) -> Account:
    """Let someone sign in.

    Raises
    ------
    LoginTaken, WeakPassword, UnknownRole, EnterpriseNeeded
    """
    roles = sorted({each.value for each in STAFF | {Role.ENTERPRISE}})
    if role not in roles:
        raise UnknownRole(role=role, roles=", ".join(roles))
    if (role == Role.ENTERPRISE) != (enterprise_id is not None):
        raise EnterpriseNeeded
    taken = session.execute(select(Account.id).where(Account.login == login)).one_or_none()
    if taken is not None:
        raise LoginTaken(login=login)
    account = Account(
        login=login,
        display_name=display_name,
        password_hash=passwords.hashed(password),
        role=role,
        enterprise_id=enterprise_id,
        person_id=person_id,
        created_at=now(),
    )
    session.add(account)
    session.flush()  # its id is what the caller wants
    audit.record(session, actor, "account.added", login, {"role": role})
    return account


def check_attempts(session: Session, login: str, address: str) -> None:
    """Refuse to try a password after too many failures, before any hash is computed.

    Raises
    ------
    TooManyAttempts
        For this login, or from this address (four times as many).
    """
    since = now() - FAILURE_WINDOW
    for column, value, allowed in (
        (SignInFailure.login, login, FAILURES_ALLOWED),
        (SignInFailure.address, address, FAILURES_ALLOWED * 4),
    ):
        failures = session.execute(
            select(func.count())
            .select_from(SignInFailure)
            .where(column == value, SignInFailure.failed_at > since)
        ).scalar_one()
        if failures >= allowed:
            raise TooManyAttempts(minutes=int(FAILURE_WINDOW.total_seconds() // 60))


def record_failure(session: Session, login: str, address: str) -> None:
    """Remember a failed attempt; a transaction of its own, since the attempt is refused."""
    session.add(SignInFailure(login=login, address=address, failed_at=now()))
    session.execute(
        delete(SignInFailure).where(SignInFailure.failed_at < now() - timedelta(days=1))
    )


def account_for(session: Session, login: str, password: str) -> Account:
    """The account a login and a password open.

    Raises
    ------
    WrongPassword
        They do not fit, or the account is closed; the same words for both.
    """
    account = session.execute(
        select(Account).where(Account.login == login, Account.is_active)
    ).scalar_one_or_none()
    if not passwords.matches(account.password_hash if account else None, password):
        raise WrongPassword
    if account is None:  # cannot be: no hash, no match
        raise WrongPassword
    return account


def issue_token(session: Session, account_id: int, *, kind: str) -> str:
    """A new secret for an account; only its SHA-256 is stored.

    Parameters
    ----------
    kind : {"session", "token"}
        A browser session lives 12 hours, a bearer token 90 days.
    """
    secret = secrets.token_urlsafe(32)
    life = SESSION_LIFE if kind == "session" else TOKEN_LIFE
    session.add(
        AccessToken(
            account_id=account_id,
            secret_sha256=_digest(secret),
            kind=kind,
            created_at=now(),
            expires_at=now() + life,
        )
    )
    session.flush()  # usable at once
    return secret


def revoke_token(session: Session, secret: str) -> None:
    """End a session or a token."""
    row = session.execute(
        select(AccessToken).where(AccessToken.secret_sha256 == _digest(secret))
    ).scalar_one_or_none()
    if row is not None:
        row.revoked_at = now()


def actor_of(session: Session, secret: str, *, kind: str) -> Actor | None:
    """Who a secret belongs to; None where it is unknown, expired, revoked or of another kind."""
    row = session.execute(
        select(Account)
        .join(AccessToken, AccessToken.account_id == Account.id)
        .where(
            AccessToken.secret_sha256 == _digest(secret),
            AccessToken.kind == kind,
            AccessToken.revoked_at.is_(None),
            AccessToken.expires_at > now(),
            Account.is_active,
        )
    ).scalar_one_or_none()
    if row is None:
        return None
    return Actor(row.id, row.display_name, Role(row.role), row.enterprise_id, row.person_id)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def born_as(session: Session, kind: str) -> str:
    """What this database was made for; the first answer stands for ever.

    Parameters
    ----------
    kind : {"demo", "production"}

    Returns
    -------
    str
        What it was born as, which may differ from what was asked.
    """
    return meta.put_once(session, meta.BORN_AS, kind)


def is_demo(session: Session) -> bool:
    """True in a database of invented firms."""
    return meta.get(session, meta.BORN_AS) == "demo"


def demo_account(session: Session, role: Role) -> Account | None:
    """The first account of a role in a demo; None in a production database."""
    if not is_demo(session):
        return None
    return session.execute(
        select(Account)
        .where(Account.role == role.value, Account.is_active)
        .order_by(Account.id)
        .limit(1)
    ).scalar_one_or_none()
