"""Tables of the nouns that every domain shares."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, Sealed, Versioned


class Region(Base):
    """An administrative division, as it stood between two days."""

    __tablename__ = "region"
    __table_args__ = (UniqueConstraint("code", "valid_from"),)

    id: Mapped[Id]
    code: Mapped[str]
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Category(Base):
    """A product category; a tree."""

    __tablename__ = "category"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)


class Enterprise(Base, Versioned):
    """A producer, seller or platform under supervision.

    ``code`` identifies it: the 统一社会信用代码 where ``code_scheme`` is "uscc", or another
    register's number, written with its scheme where shown.
    """

    __tablename__ = "enterprise"
    __table_args__ = (
        UniqueConstraint("code_scheme", "code"),
        CheckConstraint("grade IN ('A', 'B', 'C', 'D')", name="grade"),
    )

    id: Mapped[Id]
    code_scheme: Mapped[str]
    code: Mapped[str]
    name: Mapped[str]
    region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), index=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    address: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="active", server_default="active")
    risk_tier: Mapped[str | None]
    grade: Mapped[str | None]
    contact: Mapped[str | None] = mapped_column(Sealed)
    code_warnings: Mapped[list[Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Establishment(Base):
    """A place or an online shop of an enterprise."""

    __tablename__ = "establishment"
    __table_args__ = (
        UniqueConstraint("enterprise_id", "number"),
        CheckConstraint("kind IN ('site', 'shop', 'online')", name="kind"),
    )

    id: Mapped[Id]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    number: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    address: Mapped[str | None]
    url: Mapped[str | None]
    region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), index=True)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]


class Product(Base):
    """An article of an enterprise, by its 14-digit GTIN where it has one.

    One that only events of other firms speak of has no enterprise; its number is its GTIN.
    """

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("enterprise_id", "number"),
        Index("ix_product_gtin", "gtin"),
        Index(
            "uq_product_number_unowned",
            "number",
            unique=True,
            postgresql_where=text("enterprise_id IS NULL"),
        ),
    )

    id: Mapped[Id]
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))
    number: Mapped[str]
    gtin: Mapped[str | None]
    name: Mapped[str]
    brand: Mapped[str | None]
    model: Mapped[str | None]
    standard: Mapped[str | None]
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)


class GradeChange(Base):
    """One change of an enterprise's credit-risk class, and the model that set it."""

    __tablename__ = "grade_change"

    id: Mapped[Id]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    grade: Mapped[str]
    model: Mapped[str]
    reason: Mapped[str]
    valid_from: Mapped[date]
    recorded_at: Mapped[datetime]


class Department(Base):
    """A department of the authority, or a sampling agency."""

    __tablename__ = "department"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class Person(Base, Versioned):
    """An inspector (检查人员) or a sampler (抽样人员).

    Staff of an entrusted body (pool agency) may sample (监督抽查) but not inspect (行政检查).
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("pool IN ('officer', 'agency')", name="pool"),
        CheckConstraint("laboratory_id IS NULL OR pool = 'agency'", name="laboratory"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), index=True)
    senior: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    certificate_no: Mapped[str | None]
    certificate_until: Mapped[date | None]
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    identity_no: Mapped[str | None] = mapped_column(Sealed)
    pool: Mapped[str] = mapped_column(default="officer", server_default="officer")
    laboratory_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.id"), index=True)


class PersonQualification(Base):
    """A category of product a person is trained to inspect; none listed means all."""

    __tablename__ = "person_qualification"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), primary_key=True)


class Recusal(Base):
    """A tie that keeps a person away from an enterprise (回避)."""

    __tablename__ = "recusal"
    __table_args__ = (
        UniqueConstraint("person_id", "enterprise_id", "kind"),
        CheckConstraint(
            "kind IN ('kinship', 'former_employment', 'shareholding', 'recent_visit', 'other')",
            name="kind",
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    kind: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]


class Laboratory(Base):
    """A testing body and what it is accredited for."""

    __tablename__ = "laboratory"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    accreditation_no: Mapped[str | None]
    accreditation_until: Mapped[date | None]


class Regime(Base):
    """A dated rule pack: one body of rules, on top of another where it is an overlay."""

    __tablename__ = "regime"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    scope: Mapped[str]
    base: Mapped[str | None]
    digest: Mapped[str]


class Rule(Base):
    """One rule with its days of force; ``document`` holds it whole, citation included."""

    __tablename__ = "rule"
    __table_args__ = (UniqueConstraint("regime_id", "rule_id", "valid_from"),)

    id: Mapped[Id]
    regime_id: Mapped[int] = mapped_column(ForeignKey("regime.id"))
    rule_id: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    document: Mapped[dict[str, Any]]


class Holiday(Base):
    """A day off or a make-up working day, by notice of the State Council."""

    __tablename__ = "holiday"

    on: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    source: Mapped[str]
    year: Mapped[int]


class Account(Base, Versioned):
    """Someone who can sign in."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(
            "role IN ('enterprise', 'inspector', 'lead_inspector', 'risk_analyst', "
            "'administrator')",
            name="role",
        ),
        CheckConstraint("(role = 'enterprise') = (enterprise_id IS NOT NULL)", name="enterprise"),
    )

    id: Mapped[Id]
    login: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    created_at: Mapped[datetime]


class AccessToken(Base):
    """A bearer token or a browser session, by the SHA-256 of its secret."""

    __tablename__ = "access_token"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    secret_sha256: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInFailure(Base):
    """A failed attempt to sign in; too many in a while and the next is not even tried."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        Index("ix_sign_in_failure_login_failed_at", "login", "failed_at"),
        Index("ix_sign_in_failure_address_failed_at", "address", "failed_at"),
    )

    id: Mapped[Id]
    login: Mapped[str]
    address: Mapped[str]
    failed_at: Mapped[datetime]
