"""Tables that samplers send back: drafts of records and results of a plan."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import text

from core import imports
from core.actors import Actor, Role
from core.outbox import Message
from sampling.models.plans import InspectionResult
from sampling.queries.records import record_edition, records_of_unit
from sampling.record_imports import RECORDS, RESULTS, WritersOnly
from sampling.service import records
from tests import factories
from tests.sampling_records import FILLED, Field, out

__all__ = ["out"]

TITLES = {field.name: field.title for field in RECORDS.fields}


def table(rows: list[dict[str, Any]], kind: imports.ImportKind) -> bytes:
    titles = {field.name: field.title for field in kind.fields}
    names = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([titles[name] for name in names])
    writer.writerows([[row.get(name, "") for name in names] for row in rows])
    return buffer.getvalue().encode()


def run(
    out: Field,
    rows: list[dict[str, Any]],
    kind: imports.ImportKind = RECORDS,
    actor: Actor | None = None,
    **options: bool,
) -> imports.Outcome:
    who = actor or out.lead
    return imports.run(out.session, who, kind, table(rows, kind), "back.csv", **options)


def other_units(out: Field, count: int) -> list[str]:
    return list(
        out.session.execute(
            text(
                "SELECT code FROM drawn_unit WHERE is_selected AND code <> :code"
                " ORDER BY code LIMIT :count"
            ),
            {"code": out.code, "count": count},
        ).scalars()
    )


def test_a_row_becomes_a_draft_as_if_it_were_typed(out: Field) -> None:
    (code,) = other_units(out, 1)
    row = {
        "plan_no": out.plan_no,
        "code": code,
        "channel": "流通领域",
        "purpose": "监督抽查",
        "product_name": "USB充电器",
        "sampled_on": "2023/9/15",
        "level": "市级",
        "producer_relation": "外购",
        "taken_quantity": "6",
        "test_quantity": "4",
        "retained_quantity": "2",
        "contact_phone": "0990-555-0101",
        "test_seal": "F-1",
        "retained_seal": "F-2",
    }

    outcome = run(out, [row])

    assert outcome.counts == {"added": 1}
    (view,) = records_of_unit(out.session, out.plan_no, code)
    assert (view.state, view.purpose, view.channel) == ("draft", "supervision", "shop")
    assert view.values["sampled_on"] == "2023-09-15"
    assert (view.values["level"], view.values["producer_relation"]) == ("city", "bought")
    assert view.values["contact_phone"] == "0990-555-0101"
    assert [one.seal_no for one in view.samples] == ["F-1", "F-2"]
    assert len(view.samplers) == 2


def test_bad_rows_are_named_and_nothing_is_stored(out: Field) -> None:
    good, bad = other_units(out, 2)
    rows = [
        {"plan_no": out.plan_no, "code": good, "channel": "shop", "product_name": "A"},
        {"plan_no": out.plan_no, "code": bad, "channel": "moon", "product_name": "B"},
        {"plan_no": out.plan_no, "code": "NOBODY", "channel": "shop", "product_name": "C"},
        {"plan_no": "", "code": "", "channel": "shop", "product_name": "D"},
    ]

    outcome = run(out, rows)

    assert not outcome.stored
    assert [(each.row, each.field) for each in outcome.problems] == [(3, "channel")]
    rows[1]["channel"] = "shop"
    outcome = run(out, rows)
    assert [(each.row, each.field) for each in outcome.problems] == [
        (4, "code"),
        (5, "standalone_reason"),
    ]
    assert records_of_unit(out.session, out.plan_no, good) == []
    outcome = run(out, rows, good_rows_only=True)
    assert outcome.counts == {"added": 2}


def test_a_draft_is_changed_by_number_and_version_and_never_unseen(out: Field) -> None:
    version = record_edition(out.session, out.no).version
    row = {"record_no": out.no, "version": version, "brand": "云杉", "model": ""}
    records.save(out.session, out.first, out.no, values={"model": "YS-65W"})

    stale = run(out, [row])
    row["version"] = record_edition(out.session, out.no).version
    fresh = run(out, [row])

    assert not stale.stored
    assert out.no in stale.problems[0].message
    assert fresh.counts == {"updated": 1}
    values = record_edition(out.session, out.no).values
    assert (values["brand"], values["model"]) == ("云杉", "YS-65W")


def test_the_same_goods_of_the_same_unit_are_not_begun_twice(out: Field) -> None:
    records.save(out.session, out.first, out.no, values={"product_name": "充电器"})
    row = {"plan_no": out.plan_no, "code": out.code, "channel": "shop", "product_name": "充电器"}

    again = run(out, [row])
    other = run(out, [{**row, "product_name": "插座"}])

    assert out.no in again.problems[0].message
    assert other.counts == {"added": 1}


def test_a_signed_record_cannot_be_changed_by_a_file(out: Field) -> None:
    out.sealed()
    version = record_edition(out.session, out.no).version

    outcome = run(out, [{"record_no": out.no, "version": version, "brand": "x"}])

    assert not outcome.stored
    assert record_edition(out.session, out.no).values["brand"] == FILLED["brand"]


def test_an_inspector_fills_in_the_own_units_only(out: Field) -> None:
    row = {"plan_no": out.plan_no, "code": out.code, "channel": "shop", "product_name": "灯"}

    strange = run(out, [row], actor=out.stranger)
    own = run(out, [row], actor=out.first)

    assert not strange.stored
    assert own.counts == {"added": 1}


def test_a_risk_officer_sends_no_records(out: Field) -> None:
    account = factories.account(out.session, role=Role.RISK_ANALYST)
    job = Actor(account.id, "import", Role.SYSTEM)

    for kind, row in (
        (RECORDS, {"plan_no": out.plan_no, "code": out.code, "channel": "shop"}),
        (RESULTS, _result(out, out.code)),
    ):
        with pytest.raises(WritersOnly):
            run(out, [row], kind, actor=job)


def _result(out: Field, code: str, **facts: Any) -> dict[str, Any]:
    row = {"plan_no": out.plan_no, "code": code, "inspected_on": "2023-09-15", "outcome": "合格"}
    return {**row, **facts}


def test_results_of_a_plan_come_in_by_file_and_are_announced_once(out: Field) -> None:
    first, second = other_units(out, 2)

    outcome = run(
        out,
        [_result(out, first), _result(out, second, outcome="不合格", failing="1", serious="1")],
        RESULTS,
    )

    assert outcome.counts == {"added": 2}
    told = out.session.query(Message).filter_by(topic="sampling.results-recorded").all()
    assert [len(message.payload["results"]) for message in told] == [2]
    stored = {row.code: row.outcome for row in out.session.query(InspectionResult)}
    assert stored == {first: "pass", second: "fail"}


def test_bad_results_are_told_row_by_row_and_the_good_can_be_kept(out: Field) -> None:
    first, second, third = other_units(out, 3)
    rows = [
        _result(out, first),
        _result(out, second, inspected="1", failing="5"),
        _result(out, third, outcome="未检查"),
        _result(out, "NOBODY"),
        _result(out, first),
    ]

    outcome = run(out, rows, RESULTS, dry_run=True)

    assert not outcome.stored
    fields = {(each.row, each.field) for each in outcome.problems}
    assert {(3, "failing"), (4, "note"), (5, "code")} <= fields
    assert any(row == 6 for row, _field in fields)
    kept = run(out, rows, RESULTS, good_rows_only=True)
    assert kept.counts == {"added": 1}
    assert run(out, [_result(out, first)], RESULTS).problems[0].field == "code"
