"""Checks of a sampling record, by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chain import canonical_json
from sampling.maths.record_cells import (
    SampleFacts,
    cleaned,
    cleaned_samples,
    masked,
    plain,
)
from sampling.maths.record_document import (
    AttachedFile,
    NumberedSample,
    Said,
    Signed,
    content_of,
    digest_of,
    hidden,
    sample_numbers,
    signed_document,
)
from sampling.maths.record_fields import BY_NAME, FIELDS, GROUPS, Channel, Purpose, SampleKind
from sampling.maths.records import RecordFacts, problems_of

TODAY = date(2026, 11, 24)
GOOD = {
    "task_source": "市级监督抽查",
    "level": "city",
    "notice_no": "TZ-1",
    "sampled_on": "2026-11-20",
    "method": "随机",
    "unit_name": "甲厂",
    "unit_address": "工业路1号",
    "contact_name": "张三",
    "contact_phone": "0990-555-0101",
    "producer_name": "甲厂",
    "producer_address": "工业路1号",
    "producer_relation": "own",
    "product_name": "充电器",
    "brand": "/",
    "model": "65W",
    "lot_no": "L1",
    "standard_no": "GB 4943.1-2022",
    "base_quantity": "50",
    "taken_quantity": "6",
    "test_quantity": "4",
    "retained_quantity": "2",
    "quantity_unit": "个",
    "seal_state": "sound",
    "storage": "常温",
    "send_to": "质检院",
}
TEST = SampleFacts(kind=SampleKind.TEST, quantity=Decimal(4), seal_no="F1")
KEPT = SampleFacts(kind=SampleKind.RETAINED, quantity=Decimal(2), seal_no="F2", place="样品室")


def problems(
    *,
    samples: tuple[SampleFacts, ...] = (TEST, KEPT),
    without: tuple[str, ...] = (),
    facts: dict[str, Any] | None = None,
    **values: str,
) -> dict[str, str]:
    written = {name: text for name, text in {**GOOD, **values}.items() if name not in without}
    record = RecordFacts(
        **{
            "purpose": Purpose.SUPERVISION,
            "channel": Channel.PRODUCTION,
            "values": written,
            "samples": samples,
            "shown": ("place", "label", "seal"),
            "photo_kinds": ("place", "label", "seal"),
            "drawn_on": date(2026, 11, 1),
            **(facts or {}),
        }
    )
    found = problems_of(record, today=TODAY)
    return {each.field: each.message.format(**each.facts) for each in found}


def test_a_complete_record_has_no_problem() -> None:
    assert problems() == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        # 4 + 2 = 6; a fifth to test makes 7, and the sealed samples are still 4.
        ({"test_quantity": "5"}, "taken_quantity"),
        ({"test_quantity": "5"}, "test_quantity"),
        ({"base_quantity": "5"}, "taken_quantity"),
        ({"stock_quantity": "49"}, "base_quantity"),
        ({"taken_quantity": "0"}, "taken_quantity"),
        ({"retained_quantity": "2.5"}, "retained_quantity"),
        ({"sampled_on": "2026-11-25"}, "sampled_on"),  # tomorrow
        ({"sampled_on": "2026-10-31"}, "sampled_on"),  # the day before the draw
        ({"made_on": "2026-11-21"}, "made_on"),
        ({"send_by": "2026-11-19"}, "send_by"),
        ({"producer_name": "乙厂"}, "producer_relation"),
    ],
)
def test_a_contradiction_is_named_by_its_field(change: dict[str, str], field: str) -> None:
    assert field in problems(**change)


def test_bounds_themselves_are_allowed() -> None:
    assert problems(base_quantity="6", stock_quantity="6") == {}
    assert problems(sampled_on=TODAY.isoformat(), send_by=TODAY.isoformat()) == {}
    assert problems(sampled_on="2026-11-01", made_on="2026-11-01") == {}


def test_what_is_weighed_may_have_decimals_and_what_is_counted_may_not() -> None:
    samples = (
        SampleFacts(kind=SampleKind.TEST, quantity=Decimal("0.7"), seal_no="F1"),
        SampleFacts(kind=SampleKind.RETAINED, quantity=Decimal("0.3"), seal_no="F2", place="库"),
    )
    weighed = {"taken_quantity": "1", "test_quantity": "0.7", "retained_quantity": "0.3"}

    # 0.7 + 0.3 is 1 exactly: floats would say 0.99999….
    assert problems(samples=samples, quantity_unit="kg", **weighed) == {}
    assert "test_quantity" in problems(samples=samples, quantity_unit="箱", **weighed)


def test_nothing_retained_needs_its_reason() -> None:
    change = {"taken_quantity": "4", "retained_quantity": "0"}

    assert "no_retained_reason" in problems(samples=(TEST,), **change)
    assert problems(samples=(TEST,), no_retained_reason="易腐", **change) == {}


def test_a_retained_sample_has_its_place_and_each_its_own_seal() -> None:
    nowhere = SampleFacts(kind=SampleKind.RETAINED, quantity=Decimal(2), seal_no="F1")

    found = problems(samples=(TEST, nowhere))

    assert set(found) == {"samples.1.place", "samples.1.seal_no"}
    assert "samples.1.place" not in problems(samples=(TEST, nowhere), retained_place="样品室")


def test_every_needed_field_is_asked_for_and_no_other() -> None:
    for channel in Channel:
        record = RecordFacts(
            purpose=Purpose.SUPERVISION, channel=channel, values={}, samples=(), drawn_on=TODAY
        )
        asked = {each.field for each in problems_of(record, today=TODAY)} & set(BY_NAME)
        needed = {field.name for field in FIELDS if channel in field.needed}

        assert asked - {"made_on"} == needed


def test_evidence_is_asked_for_by_channel() -> None:
    assert "attachments.seal" in problems(facts={"shown": ("place", "label")})
    online = problems(facts={"channel": Channel.ONLINE, "shown": ("screenshot",)})
    assert "attachments.video" in online
    assert "attachments.seal" not in online


def test_a_record_outside_a_draw_says_why() -> None:
    assert "standalone_reason" in problems(facts={"drawn_on": None})
    assert problems(facts={"drawn_on": None, "standalone_reason": "风险监测"}) == {}


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("sampled_on", "2026/3/2", "2026-03-02"),
        ("sampled_on", "2026年3月2日", "2026-03-02"),
        ("sampled_on", "20260302", "2026-03-02"),
        ("base_quantity", " 1,200.50 ", "1200.5"),
        ("base_quantity", "1e3", "1000"),
        ("level", "市级", "city"),
        ("made_on", "/", "/"),
        ("brand", "  两 \n 行 ", "两 行"),
        ("unit_price", "12.30", "12.3"),
    ],
)
def test_what_is_typed_is_kept_in_one_way_of_writing(name: str, typed: str, kept: str) -> None:
    assert cleaned({name: typed}) == ({name: kept}, [])


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("sampled_on", "2026-9"),
        ("sampled_on", "2026-91"),
        ("sampled_on", "2026-02-30"),
        ("sampled_on", "/"),
        ("base_quantity", "-1"),
        ("base_quantity", "NaN"),
        ("base_quantity", "Infinity"),
        ("base_quantity", "1e999999999"),
        ("base_quantity", "0.00001"),
        ("employees", "1.5"),
        ("unit_price", "1.234"),
        ("level", "galactic"),
        ("shop_url", "javascript:alert(1)"),
        ("brand", "x" * 301),
        ("brand", "a\x00b"),
        ("brand", "a\ud800b"),
        ("no_such_field", "x"),
    ],
)
def test_what_cannot_be_read_is_refused_and_left_out(name: str, typed: str) -> None:
    kept, found = cleaned({name: typed})

    assert kept == {}
    assert [each.field for each in found] == [name]
    assert found[0].message.format(**found[0].facts)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([field.name for field in FIELDS]), st.text(max_size=12), max_size=5
    )
)
def test_reading_twice_changes_nothing_and_never_fails(typed: dict[str, str]) -> None:
    kept, _ = cleaned(typed)

    assert cleaned(kept) == (kept, [])
    canonical_json(kept)


@given(st.decimals(min_value=0, max_value=10**11, places=4))
def test_a_number_is_written_plainly_and_exactly(value: Decimal) -> None:
    text = plain(value)

    assert Decimal(text) == value
    assert "E" not in text


def test_rows_of_samples_without_anything_do_not_count() -> None:
    rows = [{"kind": "test"}, {"kind": "retained", "quantity": "2", "seal_no": "F"}]

    kept, found = cleaned_samples(rows)

    assert found == []
    assert [one.kind for one in kept] == [SampleKind.RETAINED]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"kind": "gift", "quantity": "1", "seal_no": "F"}, "samples.0.kind"),
        ({"kind": "test", "quantity": "0", "seal_no": "F"}, "samples.0.quantity"),
        ({"kind": "test", "quantity": "few", "seal_no": "F"}, "samples.0.quantity"),
        ({"kind": "test", "quantity": "1", "seal_no": "F" * 301}, "samples.0.seal_no"),
    ],
)
def test_a_sample_that_cannot_be_meant_is_refused(row: dict[str, str], field: str) -> None:
    assert [each.field for each in cleaned_samples([row])[1]] == [field]


def test_at_most_forty_samples() -> None:
    rows = [{"kind": "test", "quantity": "1", "seal_no": f"F{n}"} for n in range(41)]

    assert cleaned_samples(rows[:40])[1] == []
    assert [each.field for each in cleaned_samples(rows)[1]] == ["samples"]


def test_every_group_and_name_is_there_once() -> None:
    assert len(BY_NAME) == len(FIELDS)
    assert {field.group for field in FIELDS} == {group for group, _zh, _en in GROUPS}
    assert len({field.zh for field in FIELDS}) == len(FIELDS)


def said(**changes: Any) -> Said:
    facts: dict[str, Any] = {
        "no": "CY-2026-0001",
        "edition": 1,
        "purpose": "supervision",
        "channel": "shop",
        "plan_no": "CC-2026-0001",
        "unit_code": "T1",
        "standalone_reason": None,
        "replaces": None,
        "correction_reason": None,
        "values": GOOD,
        "personal_sha256": "00" * 32,
        "samplers": ["J1", "J2"],
        "samples": sample_numbers("CY-2026-0001", [TEST, KEPT]),
        "attachments": [AttachedFile("seal", "bb", 2), AttachedFile("label", "aa", 1)],
    }
    return Said(**{**facts, **changes})


def test_the_hash_does_not_depend_on_the_order_of_rows() -> None:
    turned = said(
        samples=list(reversed(said().samples)),
        attachments=list(reversed(said().attachments)),
        values=dict(reversed(GOOD.items())),
    )

    assert digest_of(content_of(turned)) == digest_of(content_of(said()))


@pytest.mark.parametrize(
    "change",
    [
        {"no": "CY-2026-0002"},
        {"edition": 2},
        {"purpose": "monitoring"},
        {"unit_code": "T2"},
        {"values": {**GOOD, "model": "66W"}},
        {"personal_sha256": "01" * 32},
        {"samplers": ["J2", "J1"]},
        {"samples": [NumberedSample("CY-2026-0001-J1", TEST)]},
        {"attachments": [AttachedFile("seal", "bc", 2)]},
        {"replaces": (1, "aa")},
    ],
)
def test_the_hash_changes_with_anything_that_is_signed(change: dict[str, Any]) -> None:
    assert digest_of(content_of(said(**change))) != digest_of(content_of(said()))


def test_signatures_enter_the_document_in_one_order() -> None:
    at = datetime(2026, 11, 24, 1, tzinfo=UTC)
    signatures = [Signed("unit", "ff", None, at), Signed("sampler", "J1", None, at)]

    one = signed_document(said(), signatures, sealed_at=at)

    assert one == signed_document(said(), signatures[::-1], sealed_at=at)
    assert b'"format":"sampling-record/1"' in one


def test_personal_data_is_hidden_by_a_salt() -> None:
    assert hidden(b"a" * 32, {"x": "1"}) != hidden(b"b" * 32, {"x": "1"})
    with pytest.raises(ValueError, match="16 bytes"):
        hidden(b"short", {})
    assert masked("0990-555-0101").count("0990") == 0
