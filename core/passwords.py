"""Passwords, by argon2id (RFC 9106)."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from core.errors import FieldProblem, Invalid

SHORTEST = 12


class WeakPassword(Invalid):
    """The password is too short."""

    code = "accounts/weak-password"
    message = "A password needs at least {shortest} characters; this one has {length}."


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("no account has this password")


def hashed(password: str) -> str:
    """The hash to store.

    Raises
    ------
    WeakPassword
        It is too short.
    """
    if len(password) < SHORTEST:
        raise WeakPassword(
            shortest=SHORTEST,
            length=len(password),
            fields=[FieldProblem("password", "At least {n} characters.", {"n": SHORTEST})],
        )
    return _hasher().hash(password)


def matches(stored: str | None, password: str) -> bool:
    """True when the password fits. Takes equally long where there is no account."""
    try:
        return _hasher().verify(stored or _nobody(), password) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False
