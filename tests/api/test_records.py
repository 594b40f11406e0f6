"""Sampling records by the API: versions, masks, files, refusals."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from sampling.queries.records import record_edition
from sampling.service import record_signing
from tests.sampling_records import FILLED, JPEG, SAMPLES, Field, out
from tests.services.sampling.conftest import at, city

__all__ = ["at", "city", "out"]

BASE = "/api/v1/sampling/records"


@pytest.fixture
def sampler(session: Session, client: Any, out: Field, sign_in: Callable[..., Actor]) -> Any:
    """A program with the token of the leading sampler."""
    sign_in(client, Role.INSPECTOR, person_id=out.first.person_id)
    session.commit()
    return client


def etag(answer: Any) -> dict[str, str]:
    return {"If-Match": answer.headers["ETag"]}


def test_a_record_from_beginning_to_seal(sampler: Any, out: Field) -> None:
    begun = sampler.post(
        BASE, json={"channel": "shop", "plan_no": out.plan_no, "code": out.code, "values": FILLED}
    )
    assert begun.status_code == 201
    no = begun.json["no"]
    assert begun.headers["Location"] == f"{BASE}/{no}"
    saved = sampler.patch(f"{BASE}/{no}", json={"samples": SAMPLES}, headers=etag(begun))
    assert [one["no"] for one in saved.json["samples"]] == [f"{no}-J1", f"{no}-B1"]
    open_problems = sampler.get(f"{BASE}/{no}/problems").json
    assert {each["field"] for each in open_problems} == {
        "attachments.place",
        "attachments.label",
        "attachments.seal",
    }
    for kind in ("place", "label", "seal"):
        photo = sampler.post(
            f"{BASE}/{no}/attachments?kind={kind}",
            data={"file": (io.BytesIO(JPEG + kind.encode()), f"{kind}.jpg")},
        )
        assert photo.status_code == 201
    now = sampler.get(f"{BASE}/{no}")
    signed = sampler.post(f"{BASE}/{no}/signatures", headers=etag(now))
    assert signed.status_code == 201
    record_signing.sign(out.session, out.second, no)
    out.session.commit()
    now = sampler.get(f"{BASE}/{no}")
    told = sampler.post(f"{BASE}/{no}/unit-signature", json={"name": "某店长"}, headers=etag(now))
    sealed = sampler.post(f"{BASE}/{no}/seal", headers=etag(told))

    assert sealed.json["state"] == "signed"
    document = sampler.get(f"{BASE}/{no}/document.json").data
    assert hashlib.sha256(document).hexdigest() == sealed.json["sha256"]
    assert sampler.get(f"{BASE}/{no}/sheet.pdf").data.startswith(b"%PDF-")
    file = sealed.json["attachments"][0]
    original = sampler.get(f"{BASE}/{no}/attachments/{file['sha256']}")
    assert hashlib.sha256(original.data).hexdigest() == file["sha256"]


def test_a_change_names_the_version_it_was_made_from(sampler: Any, out: Field) -> None:
    shown = sampler.get(f"{BASE}/{out.no}")
    body = {"values": {"brand": "云杉"}}

    assert sampler.patch(f"{BASE}/{out.no}", json=body).status_code == 428
    first = sampler.patch(f"{BASE}/{out.no}", json=body, headers=etag(shown))
    second = sampler.patch(
        f"{BASE}/{out.no}", json={"values": {"brand": "雪松"}}, headers=etag(shown)
    )

    assert first.status_code == 200
    assert second.status_code == 412
    assert record_edition(out.session, out.no).values["brand"] == "云杉"


def test_a_form_of_an_earlier_edition_never_changes_a_later_one(sampler: Any, out: Field) -> None:
    out.sealed()
    signed = record_edition(out.session, out.no)
    edition = record_signing.correct(out.session, out.first, out.no, reason="笔误")
    out.session.commit()

    stale = {"If-Match": f'"v{edition.version}"'}  # as the first edition's was, once
    answer = sampler.patch(f"{BASE}/{out.no}", json={"values": {"brand": "x"}}, headers=stale)

    assert answer.status_code == 412
    assert record_edition(out.session, out.no).version > signed.version


def test_personal_data_is_masked_in_every_answer(sampler: Any, out: Field) -> None:
    out.sealed()
    out.session.commit()

    for answer in (sampler.get(f"{BASE}/{out.no}"), sampler.get(BASE)):
        assert answer.status_code == 200
        for secret in ("某联系人", "0990-555-0101", "某负责人"):
            assert secret not in answer.text


def test_lists_are_filtered_and_paged(sampler: Any, out: Field) -> None:
    assert sampler.get(f"{BASE}?state=draft&plan_no={out.plan_no}").json["total"] == 1
    assert sampler.get(f"{BASE}?purpose=monitoring").json["total"] == 0
    assert sampler.get(f"{BASE}?text=100%25").json["total"] == 0
    assert sampler.get(f"{BASE}?colour=red").status_code == 400
    assert sampler.get(f"{BASE}?state=lost").status_code == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "channel"),
        ({"channel": "moon"}, "channel"),
        ({"channel": "shop"}, "standalone_reason"),
        ({"channel": "shop", "plan_no": "CC-1"}, "code"),
        ({"channel": "shop", "standalone_reason": "x", "values": {"colour": "red"}}, "colour"),
        ({"channel": "shop", "standalone_reason": "x", "samplers": ["J-none"]}, "samplers"),
        ({"channel": "shop", "standalone_reason": "x", "extra": 1}, "extra"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_field(
    sampler: Any, body: dict[str, Any], field: str
) -> None:
    answer = sampler.post(BASE, json=body)

    assert answer.status_code == 422
    assert field in {each["field"] for each in answer.json["fields"]}


def test_unknown_things_are_not_found(sampler: Any, out: Field) -> None:
    unit = {"channel": "shop", "plan_no": out.plan_no, "code": "NOBODY"}

    assert sampler.post(BASE, json=unit).status_code == 404
    assert sampler.post(BASE, json={**unit, "plan_no": "CC-1999-0001"}).status_code == 404
    assert sampler.get(f"{BASE}/CY-1999-0001").status_code == 404
    assert sampler.get(f"{BASE}/{out.no}?edition=7").status_code == 404
    assert sampler.get(f"{BASE}/{out.no}/document.json").status_code == 409


def test_a_program_of_an_enterprise_or_of_risk_does_not_write(
    client: Any, out: Field, sign_in: Callable[..., Actor]
) -> None:
    body = {"channel": "shop", "plan_no": out.plan_no, "code": out.code}
    sign_in(client, Role.RISK_ANALYST)
    out.session.commit()
    assert client.post(BASE, json=body).status_code == 403
    assert client.get(f"{BASE}/{out.no}").status_code == 200
    sign_in(client, Role.ENTERPRISE)
    out.session.commit()
    assert client.get(f"{BASE}/{out.no}").status_code == 403


def test_a_repeated_post_with_its_key_begins_one_record(sampler: Any, out: Field) -> None:
    body = {"channel": "shop", "plan_no": out.plan_no, "code": out.code}
    key = {"Idempotency-Key": "a-poor-line-1"}

    first = sampler.post(BASE, json=body, headers=key)
    again = sampler.post(BASE, json=body, headers=key)

    assert first.json["no"] == again.json["no"]
    assert sampler.get(BASE).json["total"] == 2  # this one and the fixture's
