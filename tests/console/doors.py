"""Signing in as a browser does: a session cookie, and the token that its forms carry."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from api.auth import COOKIE
from core.actors import Role
from core.config import secret_key
from registry.service import issue_token
from tests import factories


@pytest.fixture
def sign_in(session: Session) -> Callable[..., None]:
    """Give a client the session of a new account with a role."""

    def _sign_in(client: Any, role: Role, **facts: Any) -> None:
        account = factories.account(session, role=role, **facts)
        secret = issue_token(session, account.id, kind="session")
        session.commit()  # a savepoint: the application reads through the same connection
        client.set_cookie(COOKIE, secret)
        token = hmac.new(secret_key(), b"csrf/" + secret.encode(), hashlib.sha256)
        client.environ_base["HTTP_X_CSRF_TOKEN"] = token.hexdigest()

    return _sign_in
