"""Findings that are kept, and uploads that a job carries out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import imports
from core.actors import Actor, Role
from core.imports import ImportRecord
from core.outbox import JobRun, Message, Run, RunState
from core.unit_of_work import access_of, unit_of_work
from tests.services.traceability.conftest import Town, csv_of
from traceability import jobs
from traceability.imports import ROWS_AT_ONCE, take_upload
from traceability.models.ledger import LedgerFinding, TraceEvent
from traceability.queries.ledger import finding_views, open_findings, upload_view
from traceability.service.tracing import weigh_file

Load = Callable[..., imports.Outcome]


def standing(session: Session) -> list[tuple[str, str]]:
    rows = list(session.execute(open_findings().order_by(LedgerFinding.id)).scalars())
    return [(each.kind, each.lot.number) for each in finding_views(session, rows)]


def weigh(session: Session) -> int:
    (file,) = session.execute(select(TraceEvent.file_sha256).distinct()).scalars()
    return weigh_file(session, file)


def test_more_out_than_in_is_kept_as_a_finding_with_its_figures(
    session: Session, load: Load, story: list[Any]
) -> None:
    load([story[0], {**story[1], "数量": "30000"}])

    assert weigh(session) == 1

    (finding,) = session.execute(select(LedgerFinding)).scalars()
    assert finding.kind == "negative-stock"
    assert (finding.facts["produced"], finding.facts["shipped"]) == ("20000", "30000")
    assert finding.facts["unaccounted"] == "-10000"


def test_a_finding_stands_once_and_is_closed_when_it_no_longer_holds(
    session: Session, load: Load, story: list[Any]
) -> None:
    load([story[0], {**story[1], "数量": "30000"}])
    weigh(session)
    weigh(session)
    assert standing(session) == [("negative-stock", "C-0711")]
    right = {**story[1], "数量": "10500", "单据号": "C-1b", "更正单据号": "C-1"}

    load([right], name="correction.csv")
    files = session.execute(select(TraceEvent.file_sha256).distinct()).scalars()
    for file in files:
        weigh_file(session, file)

    assert standing(session) == []
    (closed,) = session.execute(select(LedgerFinding)).scalars()
    assert closed.closed_at is not None


def _run(session: Session, topic: str, job: str) -> tuple[Run, dict[str, Any]]:
    message = session.execute(
        select(Message).where(Message.topic == topic).order_by(Message.id.desc()).limit(1)
    ).scalar_one()
    row = JobRun(
        message_id=message.id,
        job=job,
        queue="long",
        state=RunState.RUNNING,
        attempt=1,
        created_at=message.created_at,
    )
    session.add(row)
    session.flush()
    return Run(row.id, message.id, job, 1), message.payload


def test_a_stored_ledger_announces_itself_and_the_job_weighs_it(
    session: Session, load: Load, story: list[Any]
) -> None:
    load(story)
    run, payload = _run(session, "traceability.ledger-stored", "traceability.weigh-ledger")

    jobs.weigh_ledger(run, **payload)

    assert standing(session) == [("shipped-received-differ", "YS-17")]


def test_a_small_upload_is_done_at_once_and_belongs_to_its_enterprise(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    load(story[:3])
    actor = Actor(7, "maker", Role.ENTERPRISE, enterprise_id=town.maker.id)

    with unit_of_work(access_of(actor)) as own:
        row = take_upload(own, actor, csv_of([story[3]]), "maker.csv")
        view = upload_view(own, row)

    assert (view.state, view.enterprise_id, view.row_count) == ("done", town.maker.id, 1)
    assert view.counts["rows added"] == 1
    assert view.message_id is None


def test_a_refused_upload_keeps_what_was_wrong_and_the_marked_file(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    actor = Actor(7, "maker", Role.ENTERPRISE, enterprise_id=town.maker.id)

    with unit_of_work(access_of(actor)) as own:
        row = take_upload(own, actor, csv_of([story[0], story[3]]), "wrong.csv")
        view = upload_view(own, row)

    assert (view.state, view.problem_count) == ("refused", 1)
    assert "own ledger only" in view.problems[0][1]
    assert view.marked_sha256 is not None


def test_placeholders_can_be_asked_for(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    load(story[:3])
    actor = Actor(7, "maker", Role.ENTERPRISE, enterprise_id=town.maker.id)
    odd = {**story[3], "去向单位代码": "", "去向单位": "同乐商行"}

    with unit_of_work(access_of(actor)) as own:
        row = take_upload(own, actor, csv_of([odd]), "odd.csv", placeholders=True)
        view = upload_view(own, row)

    assert view.state == "done"


def test_a_large_upload_is_carried_out_by_a_job_with_the_rights_of_who_sent_it(
    session: Session, load: Load, story: list[Any], town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(story[:3])
    actor = Actor(7, "maker", Role.ENTERPRISE, enterprise_id=town.maker.id)
    own_rows = [{**story[3], "单据号": f"TZ-{n}", "数量": "1"} for n in range(ROWS_AT_ONCE + 1)]
    with unit_of_work(access_of(actor)) as own:
        good = take_upload(own, actor, csv_of(own_rows), "large.csv")
    told: list[str] = []
    monkeypatch.setattr(Run, "progress", lambda self, stage, done, total: told.append(stage))

    run, payload = _run(session, "traceability.ledger-uploaded", "traceability.load-ledger")
    jobs.load_ledger(run, **payload)

    session.expire_all()
    assert session.get_one(ImportRecord, good.import_id).state == "done"
    assert {"check", "match", "store"} <= set(told)

    foreign = [*own_rows, story[5]]
    with unit_of_work(access_of(actor)) as own:
        bad = take_upload(own, actor, csv_of(foreign), "foreign.csv")
    run, payload = _run(session, "traceability.ledger-uploaded", "traceability.load-ledger")
    jobs.load_ledger(run, **payload)

    session.expire_all()
    record = session.get_one(ImportRecord, bad.import_id)
    assert (record.state, record.problem_count) == ("refused", 1)


def test_an_enterprise_may_name_its_own_new_product_and_lots_others_named_first(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    load([story[0]])  # the lot C-0711 was named by its maker; the buyer has not seen it yet
    actor = Actor(7, "maker", Role.ENTERPRISE, enterprise_id=town.maker.id)
    got = {**story[1], "事件": "收货"}
    fresh = {
        "事件": "生产", "批号": "新-1", "产品名称": "转接头", "发出单位代码": town.maker.code,
        "数量": "5", "日期": "2026-09-01", "投入批次": "C-0711×5",
    }  # fmt: skip
    sent = {
        "事件": "发货", "批号": "新-1", "产品名称": "转接头", "生产企业代码": town.maker.code,
        "发出单位代码": town.maker.code, "去向单位代码": "X-UNKNOWN", "日期": "2026-09-02",
    }  # fmt: skip

    with unit_of_work(access_of(actor)) as own:
        row = take_upload(own, actor, csv_of([got, fresh, sent]), "own.csv", placeholders=True)
        view = upload_view(own, row)

    assert view.state == "done", view.problems
    assert view.counts["products added"] == 1
    told = session.execute(select(TraceEvent.kind, TraceEvent.lot_id).order_by(TraceEvent.id)).all()
    assert [row.kind for row in told] == ["production", "receipt", "production", "shipment"]
    assert told[0].lot_id == told[1].lot_id
