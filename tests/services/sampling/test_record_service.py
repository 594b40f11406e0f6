"""Sampling records from draft to seal, correction included."""

from __future__ import annotations

import hashlib
import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core import journal
from core.chain import canonical_json
from core.outbox import Message
from sampling import errors
from sampling.queries.records import (
    record_by_no,
    record_edition,
    records_matching,
    state_counts,
    verdict_of,
)
from sampling.service import record_files, record_signing, records
from tests.sampling_records import FILLED, JPEG, Field, out

__all__ = ["out"]


def test_a_record_is_prefilled_from_the_register_and_the_draw(out: Field) -> None:
    view = record_by_no(out.session, out.no)

    assert view.no == "CY-2023-0001"
    assert (view.state, view.plan_no, view.code) == ("draft", out.plan_no, out.code)
    assert view.values["unit_name"].startswith("测试企业")
    assert [one.person_id for one in view.samplers] == [out.first.person_id, out.second.person_id]


def test_numbers_have_no_gap(out: Field) -> None:
    with pytest.raises(errors.NotYourRecord), out.session.begin_nested():
        records.start(out.session, out.stranger, channel="shop", plan_no=out.plan_no, code=out.code)

    following = records.start(
        out.session, out.first, channel="shop", plan_no=out.plan_no, code=out.code
    )

    assert following.no == "CY-2023-0002"


def test_a_sealed_record_hashes_to_what_stands_on_the_journal(out: Field) -> None:
    record = out.sealed()

    view = record_by_no(out.session, out.no)
    document = json.loads(record.document or b"")
    assert view.state == "signed"
    assert view.sha256 == hashlib.sha256(record.document or b"").hexdigest()
    assert document["content"]["samples"][0]["no"] == "CY-2023-0001-B1"
    entry = out.session.query(journal.JournalEntry).filter_by(stream="records").one()
    assert entry.body["sha256"] == view.sha256
    assert entry.sequence == view.journal_sequence
    assert journal.first_broken(out.session, "records") is None
    told = out.session.query(Message).filter_by(topic="sampling.record-signed").one()
    assert told.payload["record_no"] == out.no


def test_personal_data_is_in_neither_document_nor_journal_nor_row(out: Field) -> None:
    record = out.sealed()

    stored = out.session.execute(
        text("SELECT row_to_json(r)::text FROM sampling_record r WHERE no = :no"), {"no": out.no}
    ).scalar_one()
    for place in ((record.document or b"").decode(), stored):
        for secret in ("某联系人", "0990-555-0101", "某负责人"):
            assert secret not in place
    assert record_by_no(out.session, out.no).values["contact_name"] == "某联系人"


def test_the_hash_covers_personal_data_all_the_same(out: Field) -> None:
    out.fill()
    before = record_edition(out.session, out.no).content_sha256

    records.save(out.session, out.first, out.no, values={"contact_phone": "0990-555-0102"})

    assert record_edition(out.session, out.no).content_sha256 != before


def test_an_incomplete_record_cannot_be_signed_and_says_what_is_missing(out: Field) -> None:
    out.fill(test_quantity="5")

    with pytest.raises(errors.RecordIncomplete) as refused:
        record_signing.sign(out.session, out.first, out.no)

    fields = {problem.field: str(problem) for problem in refused.value.fields}
    assert fields["taken_quantity"] == "To test 5 and retained 2 make 7, not the 6 taken."
    assert fields["test_quantity"] == "The sealed samples of this kind make 4, not 5."


def test_a_change_after_a_signature_needs_the_signature_again(out: Field) -> None:
    out.fill()
    out.sign_all()
    records.save(out.session, out.first, out.no, values={"model": "YS-45W"})

    with pytest.raises(errors.SignatureMissing):
        record_signing.seal(out.session, out.first, out.no)

    out.sign_all()
    assert record_signing.seal(out.session, out.first, out.no).state == "signed"


def test_one_sampler_alone_seals_nothing(out: Field) -> None:
    out.fill()
    record_signing.sign(out.session, out.first, out.no)
    record_signing.sign_for_unit(out.session, out.first, out.no, name="某负责人")

    with pytest.raises(errors.SignatureMissing):
        record_signing.seal(out.session, out.first, out.no)
    with pytest.raises(errors.SignedAlready):
        record_signing.sign(out.session, out.first, out.no)


def test_a_refusal_to_sign_needs_its_reason_and_a_witness(out: Field) -> None:
    out.fill()
    for actor in (out.first, out.second):
        record_signing.sign(out.session, actor, out.no)

    with pytest.raises(errors.WitnessNeeded):
        record_signing.sign_for_unit(out.session, out.first, out.no, refusal="不认可抽样")
    record_signing.sign_for_unit(
        out.session, out.first, out.no, refusal="不认可抽样", witness="社区网格员"
    )

    assert record_signing.seal(out.session, out.second, out.no).state == "signed"


def test_strangers_neither_write_nor_sign(out: Field) -> None:
    out.fill()

    for act in (
        lambda: records.save(out.session, out.stranger, out.no, values={"brand": "x"}),
        lambda: record_signing.sign(out.session, out.stranger, out.no),
        lambda: record_signing.seal(out.session, out.stranger, out.no),
    ):
        with pytest.raises(errors.NotYourRecord):
            act()
    with pytest.raises(errors.NotASampler):
        record_signing.sign(out.session, out.lead, out.no)


def test_the_law_in_force_says_how_many_samplers(out: Field) -> None:
    record = records.start(
        out.session,
        out.first,
        channel="shop",
        purpose="monitoring",
        standalone_reason="风险监测专项",
        values={"unit_name": "某店"},
    )
    out.no = record.no
    out.fill()
    record_signing.sign(out.session, out.first, out.no)
    record_signing.sign_for_unit(out.session, out.first, out.no, name="店主")

    with pytest.raises(errors.TooFewSamplers) as refused:
        record_signing.seal(out.session, out.first, out.no)

    assert (refused.value.found, refused.value.needed) == (1, 2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sampling_record SET content = '{}' WHERE no = :no",
        "DELETE FROM sampling_record WHERE no = :no",
        "UPDATE record_sample SET quantity = 9",
        "DELETE FROM record_attachment",
        "DELETE FROM record_sampler",
        "UPDATE record_signature SET role = 'witness'",
        "UPDATE record_seal SET sha256 = 'x'",
        "TRUNCATE record_sample",
        "INSERT INTO record_sample (record_id, no, kind, quantity, seal_no, place, storage)"
        " SELECT id, 'CY-9', 'test', 1, 'F', '', '' FROM sampling_record WHERE no = :no",
    ],
)
def test_the_database_itself_refuses_to_change_a_signed_record(out: Field, statement: str) -> None:
    out.sealed()

    with pytest.raises(DBAPIError), out.session.begin_nested():
        out.session.execute(text(statement), {"no": out.no} if ":no" in statement else {})

    with pytest.raises(errors.RecordFinal):
        records.save(out.session, out.first, out.no, values={"brand": "x"})


def test_a_correction_is_a_new_edition_that_names_the_old_and_is_signed_again(out: Field) -> None:
    old = out.sealed().sha256 or ""
    with pytest.raises(errors.ReasonNeeded):
        record_signing.correct(out.session, out.first, out.no, reason=" ")
    record_signing.correct(out.session, out.first, out.no, reason="批号笔误")
    with pytest.raises(errors.CorrectionOpen):
        record_signing.correct(out.session, out.second, out.no, reason="批号笔误")
    records.save(out.session, out.first, out.no, values={"lot_no": "L2023-10"})
    assert record_by_no(out.session, out.no).edition == 1  # stands until the new one is signed
    with pytest.raises(errors.SignatureMissing):
        record_signing.seal(out.session, out.first, out.no)
    out.sign_all()
    new = record_signing.seal(out.session, out.first, out.no)

    document = json.loads(new.document or b"")
    assert document["content"]["replaces"] == {"edition": 1, "sha256": old}
    assert document["content"]["correction_reason"] == "批号笔误"
    assert record_edition(out.session, out.no, 1).state == "replaced"
    assert record_by_no(out.session, out.no).edition == 2
    assert len(record_by_no(out.session, out.no).attachments) == 3
    assert verdict_of(out.session, out.no, old[:16]) == "replaced"
    assert verdict_of(out.session, out.no, (new.sha256 or "")[:16]) == "genuine"


def test_a_correction_given_up_changes_nothing_and_another_may_follow(out: Field) -> None:
    first = out.sealed().sha256 or ""
    record_signing.correct(out.session, out.first, out.no, reason="笔误")
    records.discard(out.session, out.first, out.no, reason="无需更正")

    (listed,) = out.session.execute(records_matching()).scalars()
    assert (listed.edition, listed.state) == (1, "signed")
    assert record_edition(out.session, out.no).state == "signed"
    assert verdict_of(out.session, out.no, first[:16]) == "genuine"
    again = record_signing.correct(out.session, out.first, out.no, reason="确有笔误")
    assert again.edition == 3
    assert record_edition(out.session, out.no).edition == 3
    out.sign_all()
    sealed = record_signing.seal(out.session, out.first, out.no)
    assert json.loads(sealed.document or b"")["content"]["replaces"]["edition"] == 1
    (listed,) = out.session.execute(records_matching()).scalars()
    assert (listed.edition, listed.state) == (3, "signed")
    assert state_counts(out.session) == {"signed": 1}


def test_the_check_of_a_printed_record_tells_nothing_else(out: Field) -> None:
    short = (out.sealed().sha256 or "")[:16]

    assert verdict_of(out.session, out.no, short) == "genuine"
    assert verdict_of(out.session, f"{out.no}-B1", short.upper()) == "genuine"
    wrong = "0" * 16
    unknown = "CY-2023-9999"
    assert {
        verdict_of(out.session, out.no, wrong),
        verdict_of(out.session, unknown, wrong),
        verdict_of(out.session, out.no, short[:8]),
        verdict_of(out.session, out.no, ""),
        verdict_of(out.session, out.no, "十六" * 8),
    } == {"not_genuine"}


def test_a_discarded_draft_keeps_its_number(out: Field) -> None:
    records.discard(out.session, out.first, out.no, reason="现场停业")

    assert record_by_no(out.session, out.no).state == "discarded"
    with pytest.raises(errors.RecordFinal):
        records.save(out.session, out.first, out.no, values={"brand": "x"})


@pytest.mark.parametrize(
    ("content", "kind", "refusal"),
    [
        (b"", "label", errors.AttachmentRefused),
        (b"MZ\x90\x00 program", "label", errors.AttachmentRefused),
        (b"<html><script>", "label", errors.AttachmentRefused),
        (JPEG + bytes(21 * 1024 * 1024), "label", errors.AttachmentRefused),
        (JPEG, "selfie", errors.RecordInvalid),
    ],
)
def test_a_file_that_is_no_evidence_is_refused(
    out: Field, content: bytes, kind: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        record_files.attach(
            out.session, out.first, out.no, kind=kind, content=content, name="label.jpg"
        )


def test_the_same_photo_is_kept_once_and_can_be_taken_off_a_draft(out: Field) -> None:
    for _ in range(2):
        row = record_files.attach(
            out.session, out.first, out.no, kind="label", content=JPEG, name="a.jpg"
        )
    assert len(record_edition(out.session, out.no).attachments) == 1
    assert record_files.original(out.session, out.no, row.sha256).content == JPEG

    record_files.detach(out.session, out.first, out.no, sha256=row.sha256, kind="label")

    assert record_edition(out.session, out.no).attachments == ()
    with pytest.raises(errors.AttachmentUnknown):
        record_files.original(out.session, out.no, row.sha256)


def test_bytes_that_were_changed_behind_our_back_are_not_given_out(out: Field) -> None:
    row = record_files.attach(
        out.session, out.first, out.no, kind="label", content=JPEG, name="a.jpg"
    )
    out.session.execute(text("UPDATE stored_file SET content = 'x'"))
    out.session.expire_all()

    with pytest.raises(errors.AttachmentChanged):
        record_files.original(out.session, out.no, row.sha256)


def test_an_online_purchase_needs_its_screenshots_and_film(out: Field) -> None:
    record = records.start(
        out.session, out.first, channel="online", plan_no=out.plan_no, code=out.code, values=FILLED
    )

    problems = record_signing.open_problems(out.session, record_edition(out.session, record.no))

    named = {each.field for each in problems}
    assert {"attachments.screenshot", "attachments.video", "order_no", "shop_url"} <= named
    assert not named & {"attachments.seal", "base_quantity"}


@pytest.mark.parametrize(
    ("day", "purpose", "model", "is_told"),
    [
        ("2024-03-15", "supervision", "YS-65W", True),  # six months later, to the day
        ("2024-03-16", "supervision", "YS-65W", False),
        ("2023-10-01", "supervision", "YS-45W", False),  # another model
        ("2023-10-01", "follow_up", "YS-65W", False),
        ("2023-10-01", "monitoring", "YS-65W", False),
    ],
)
def test_the_same_product_within_six_months_is_told_and_not_refused(
    out: Field, day: str, purpose: str, model: str, is_told: bool
) -> None:
    out.sealed()  # on 2023-09-15
    later = records.start(
        out.session,
        out.first,
        channel="shop",
        purpose=purpose,
        standalone_reason="专项",
        values={**FILLED, "sampled_on": day, "model": model},
    )

    told = record_signing.repeats(out.session, record_edition(out.session, later.no))

    assert told == ([out.no] if is_told else [])


def test_what_cannot_be_meant_is_refused_by_field(out: Field) -> None:
    with pytest.raises(errors.RecordInvalid) as refused:
        records.save(
            out.session,
            out.first,
            out.no,
            values={"sampled_on": "tomorrow", "unit_price": "1.234", "colour": "red"},
            samples=[{"kind": "test", "quantity": "-1", "seal_no": "F"}],
        )

    assert {each.field for each in refused.value.fields} == {
        "sampled_on",
        "unit_price",
        "colour",
        "samples.0.quantity",
    }


def test_the_content_hash_is_that_of_canonical_bytes(out: Field) -> None:
    record = out.sealed()

    document = json.loads(record.document or b"")

    assert canonical_json(document) == record.document
    content = canonical_json(document["content"])
    assert hashlib.sha256(content).hexdigest() == document["content_sha256"]
