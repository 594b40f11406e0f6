"""Settings, read from the environment once per process."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between one installation and another.

    Attributes
    ----------
    database_url : str | None
        ``DATABASE_URL``; None where the starter has not yet given one.
    redis_url : str | None
        ``REDIS_URL``.
    home : Path
        Data folder: ``ZHIHENG_HOME``, else ``./var``.
    secure_cookies : bool
        ``ZHIHENG_HTTPS=1`` marks session cookies as HTTPS-only.
    trusted_proxies : int
        ``ZHIHENG_PROXIES``: reverse proxies whose forwarding headers are believed.
    units_at_once : int
        ``ZHIHENG_UNITS_AT_ONCE``: a roster of so many enterprises is frozen and drawn while the
        request waits; a larger one by a worker.
    """

    database_url: str | None
    redis_url: str | None
    home: Path
    secure_cookies: bool
    trusted_proxies: int
    units_at_once: int = 20_000

    @property
    def required_database_url(self) -> str:
        """The database address, or a refusal that says how to give one."""
        if not self.database_url:
            raise RuntimeError(
                "DATABASE_URL is not set. Start with 'zhiheng up', which brings its own database, "
                "or set DATABASE_URL=postgresql+psycopg://user:password@host/name."
            )
        return self.database_url

    @property
    def required_redis_url(self) -> str:
        """The Redis address, or a refusal that says how to give one."""
        if not self.redis_url:
            raise RuntimeError(
                "REDIS_URL is not set. Start with 'zhiheng up', which brings its own Redis, "
                "or set REDIS_URL=redis://host:6379/0."
            )
        return self.redis_url


def normalised_database_url(url: str) -> str:
    """Name the driver: ``postgres://`` and ``postgresql://`` become ``postgresql+psycopg://``."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def settings() -> Settings:
    """The settings as the environment now gives them."""
    database_url = os.environ.get("DATABASE_URL") or None
    return Settings(
        database_url=normalised_database_url(database_url) if database_url else None,
        redis_url=os.environ.get("REDIS_URL") or None,
        home=Path(os.environ.get("ZHIHENG_HOME") or "var").resolve(),
        secure_cookies=os.environ.get("ZHIHENG_HTTPS") == "1",
        trusted_proxies=int(os.environ.get("ZHIHENG_PROXIES") or 0),
        units_at_once=int(os.environ.get("ZHIHENG_UNITS_AT_ONCE") or 20_000),
    )


@cache
def secret_key() -> bytes:
    """The installation's 32-byte secret: ``ZHIHENG_SECRET`` (hex), else a file made once.

    It seals personal data at rest and signs cookies. Whoever loses it loses the sealed columns.
    """
    given = os.environ.get("ZHIHENG_SECRET")
    if given:
        key = bytes.fromhex(given)
        if len(key) != 32:
            raise RuntimeError(f"ZHIHENG_SECRET must be 64 hex digits, got {len(given)} characters")
        return key
    path = settings().home / "secret.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole under another name and linked into place, so that two processes starting at
    # once agree on one key and a crash leaves no half-written one.
    draft = path.with_name(f"secret.key.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return bytes.fromhex(path.read_text(encoding="ascii"))


def log_key() -> bytes | None:
    """The Ed25519 seed that signs the log of draws, where the installation gives its own.

    ``ZHIHENG_LOG_KEY``, 64 hex digits; without it a key is made once and sealed in the database.
    """
    given = os.environ.get("ZHIHENG_LOG_KEY")
    if not given:
        return None
    try:
        key = bytes.fromhex(given)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise RuntimeError(f"ZHIHENG_LOG_KEY must be 64 hex digits, got {len(given)} characters")
    return key
