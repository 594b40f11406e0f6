"""Item lists, annual plans, schemes and rules: two people, one hash, no silent change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.actors import SYSTEM
from core.errors import Unauthenticated
from core.journal import JournalEntry
from core.unit_of_work import PUBLIC_ACCESS, read_only
from registry.models import Regime, Rule
from registry.service import load_packs
from sampling.errors import (
    AnotherPersonNeeded,
    NotOnTheList,
    PaperInvalid,
    PaperStateForbids,
    PaperUnknown,
    RowUnknown,
    StateForbids,
)
from sampling.models.publication import Paper
from sampling.queries import papers
from sampling.service import annual
from tests.services.sampling.conftest import City, at, city
from tests.services.sampling.publishing import (
    ITEMS,
    Desk,
    annual_body,
    desk_of,
    drawn_plan,
    visited,
)

__all__ = ["at", "city"]

from datetime import date


@pytest.fixture
def desk(session: Session) -> Desk:
    return desk_of(session)


def test_an_annual_plan_is_drafted_approved_by_another_and_published(desk: Desk) -> None:
    no = desk.paper().no
    assert no.startswith("ND-2023-")

    published = desk.publish(no)

    entry = desk.session.execute(
        select(JournalEntry).where(
            JournalEntry.stream == annual.STREAM,
            JournalEntry.sequence == published.journal_sequence,
        )
    ).scalar_one()
    assert entry.body == {
        "no": no,
        "edition": 1,
        "kind": "annual_plan",
        "sha256": published.sha256,
    }


def test_the_hash_is_that_of_the_canonical_document(desk: Desk) -> None:
    import hashlib

    published = desk.publish(desk.paper().no)

    # RFC 8785 by hand: sorted keys, no blanks, Chinese as it is; no floats are in it.
    text = json.dumps(
        annual.public_bytes_of(published), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert published.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_nobody_approves_the_own_draft(desk: Desk) -> None:
    no = desk.paper().no

    with pytest.raises(AnotherPersonNeeded):
        annual.approve_paper(desk.session, desk.first, no)


def test_who_changed_a_draft_last_is_its_author(desk: Desk) -> None:
    no = desk.paper().no
    annual.revise_paper(
        desk.session, desk.second, no, title="改", authority="某局", body=annual_body()
    )

    with pytest.raises(AnotherPersonNeeded):
        annual.approve_paper(desk.session, desk.second, no)
    assert annual.approve_paper(desk.session, desk.first, no).state == "approved"


def test_the_database_itself_refuses_one_person_for_both(desk: Desk) -> None:
    paper = desk.paper()

    with pytest.raises(DBAPIError, match="two_people"), desk.session.begin_nested():
        desk.session.execute(
            update(Paper)
            .where(Paper.id == paper.id)
            .values(state="approved", approved_by=paper.drafted_by)
        )


def test_a_draft_is_not_published(desk: Desk) -> None:
    no = desk.paper().no

    with pytest.raises(PaperStateForbids):
        annual.publish_paper(desk.session, desk.first, no)


def test_a_published_edition_cannot_be_changed_by_anybody(desk: Desk) -> None:
    paper = desk.publish(desk.paper().no)

    with pytest.raises(PaperStateForbids):
        annual.revise_paper(
            desk.session, desk.first, paper.no, title="x", authority="y", body=annual_body()
        )
    for statement in (
        update(Paper).where(Paper.id == paper.id).values(title="别的"),
        Paper.__table__.delete().where(Paper.id == paper.id),
    ):
        with pytest.raises(DBAPIError, match="append-only"), desk.session.begin_nested():
            desk.session.execute(statement)


def test_an_amendment_is_a_new_edition_with_its_reason_and_its_changes(desk: Desk) -> None:
    no = desk.publish(desk.paper().no).no
    annual.amend_paper(desk.session, desk.first, no, reason="上级任务增加")
    annual.revise_paper(
        desk.session,
        desk.first,
        no,
        title="2023 年度产品质量抽查计划",
        authority="云汐市市场监督管理局",
        body=annual_body(quantity=14),
    )
    assert papers.paper_in_force(desk.session, no).edition == 1  # until the new one is public

    desk.publish(no)

    newest, oldest = papers.editions(desk.session, no, only_public=True)
    assert (newest.paper.edition, newest.paper.reason) == (2, "上级任务增加")
    assert newest.is_in_force
    assert not oldest.is_in_force
    assert [(one.key, one.change, one.fields) for one in newest.changes] == [
        ("01", "changed", ("quantity",))
    ]


def test_an_amendment_needs_a_reason_and_a_published_edition(desk: Desk) -> None:
    no = desk.paper().no
    with pytest.raises(PaperStateForbids):
        annual.amend_paper(desk.session, desk.first, no, reason="改")
    desk.publish(no)

    with pytest.raises(PaperInvalid):
        annual.amend_paper(desk.session, desk.first, no, reason="  ")
    annual.amend_paper(desk.session, desk.first, no, reason="改")
    with pytest.raises(PaperStateForbids):
        annual.amend_paper(desk.session, desk.first, no, reason="再改")


def test_an_approved_edition_can_be_reopened_and_needs_approval_again(desk: Desk) -> None:
    no = desk.paper().no
    annual.approve_paper(desk.session, desk.second, no)
    annual.reopen_paper(desk.session, desk.second, no)

    with pytest.raises(PaperStateForbids):
        annual.publish_paper(desk.session, desk.first, no)


def test_the_system_signs_nothing(desk: Desk) -> None:
    with pytest.raises(Unauthenticated):
        annual.draft_paper(
            desk.session,
            SYSTEM,
            kind="annual_plan",
            year=2023,
            title="t",
            authority="a",
            body=annual_body(),
        )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"share": "0"}, "rows.0.share"),
        ({"share": "150%"}, "rows.0.share"),
        ({"share": 0.05}, "rows.0.share"),
        ({"share": "NaN"}, "rows.0.share"),
        ({"quantity": 0}, "rows.0.quantity"),
        ({"quantity": True}, "rows.0.quantity"),
        ({"quantity": "1e3"}, "rows.0.quantity"),
        ({"begins_on": "2022-12-31"}, "rows.0.begins_on"),
        ({"begins_on": "2023-12-01"}, "rows.0.ends_on"),
        ({"begins_on": "1 March"}, "rows.0.begins_on"),
        ({"purpose": " "}, "rows.0.purpose"),
        ({"key": "第一"}, "rows.0.key"),
        ({"colour": "red"}, "rows.0.colour"),
        ({"matter": "长" * 4001}, "rows.0.matter"),
        ({"cooperating": [1]}, "rows.0.cooperating"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused_by_its_field(
    desk: Desk, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(PaperInvalid) as refused:
        desk.paper(body=annual_body(**changes))

    assert field in {each.field for each in refused.value.fields}


def test_an_annual_plan_names_items_that_stand_on_a_published_list(desk: Desk) -> None:
    draft = desk.paper("item_list", ITEMS).no
    with pytest.raises(PaperInvalid) as refused:
        desk.paper(body=annual_body(draft))
    assert [each.field for each in refused.value.fields] == ["item_list"]
    desk.publish(draft)

    with pytest.raises(PaperInvalid) as refused:
        desk.paper(body={**annual_body(draft), "rows": annual_body(draft, item="99")["rows"]})

    assert [each.field for each in refused.value.fields] == ["rows.0.item"]


def test_the_basis_of_a_verdict_is_taken_in_the_order_of_the_law(desk: Desk) -> None:
    def rules(*order: str) -> dict[str, Any]:
        return {
            "product": "电源适配器",
            "sampling_method": "在待销产品中随机抽取",
            "verdict_rule": "任一项不合格即判不合格",
            "rows": [
                {
                    "key": str(place),
                    "item": "绝缘",
                    "method": "GB 4943.1",
                    "basis": basis,
                    "standard": "GB 4943.1-2022",
                }
                for place, basis in enumerate(order)
            ],
        }

    assert desk.paper("rules", rules("mandatory", "declared", "province")).no.startswith("XZ-")
    with pytest.raises(PaperInvalid) as refused:
        desk.paper("rules", rules("declared", "mandatory"))
    assert [each.field for each in refused.value.fields] == ["rows.1.basis"]


def test_the_public_reads_published_editions_only(desk: Desk) -> None:
    hidden = desk.paper().no
    _, shown = desk.published_plan()
    annual.amend_paper(desk.session, desk.first, shown, reason="还没定")
    desk.session.flush()

    with read_only(PUBLIC_ACCESS) as reader:
        seen = reader.execute(select(Paper.no, Paper.edition)).all()
        with pytest.raises(PaperUnknown):
            papers.editions(reader, hidden, only_public=True)

    assert hidden not in {no for no, _ in seen}
    assert (shown, 1) in seen
    assert (shown, 2) not in seen


def test_a_plan_names_the_row_it_carries_out_before_it_is_locked(
    city: City, at: Any, desk: Desk
) -> None:
    _, annual_no = desk.published_plan()
    plan = city.plan()

    annual.link_plan(city.session, desk.first, plan.no, paper_no=annual_no, row_key="01")

    assert papers.row_of_plan(city.session, plan.no) == (annual_no, "01")
    assert papers.is_listed(city.session, plan)
    with pytest.raises(RowUnknown):
        annual.link_plan(city.session, desk.first, plan.no, paper_no=annual_no, row_key="7")


def test_a_locked_plan_is_tied_to_no_other_row(city: City, at: Any, desk: Desk) -> None:
    _, annual_no = desk.published_plan()
    plan = city.committed()

    with pytest.raises(StateForbids):
        annual.link_plan(city.session, desk.first, plan.no, paper_no=annual_no, row_key="01")


def test_no_item_on_the_list_no_check_where_the_pack_refuses(
    city: City, at: Any, desk: Desk
) -> None:
    load_packs(city.session)
    _, annual_no = desk.published_plan()
    city.committed()  # the pack as it comes only warns
    rule = city.session.execute(
        select(Rule)
        .join(Regime)
        .where(Regime.code == "CN-DRAW", Rule.rule_id == annual.RULE_LISTED)
    ).scalar_one()
    rule.document = {**rule.document, "value": "refuse"}
    city.session.flush()

    plan = city.plan()
    with pytest.raises(NotOnTheList):
        city_freeze(city, plan.no)
    annual.link_plan(city.session, desk.first, plan.no, paper_no=annual_no, row_key="01")

    assert city_freeze(city, plan.no).state == "committed"


def city_freeze(city: City, no: str) -> Any:
    from sampling.service import freezing
    from tests.services.sampling.conftest import SECRET

    return freezing.freeze(city.session, city.lead, no, secret=SECRET, software="0.1.0")


def test_progress_of_a_row_counts_what_is_planned_drawn_and_done(
    city: City, at: Any, desk: Desk
) -> None:
    _, annual_no = desk.published_plan()
    draft = city.plan()
    annual.link_plan(city.session, desk.first, draft.no, paper_no=annual_no, row_key="01")
    # The plan that is drawn is tied while it is a draft.
    linked = city.plan
    plan = None

    def tied(**changes: Any) -> Any:
        made = linked(**changes)
        annual.link_plan(city.session, desk.first, made.no, paper_no=annual_no, row_key="01")
        return made

    city.plan = tied  # type: ignore[method-assign]
    plan = drawn_plan(city, at)
    visited(city, plan, "pass", on=date(2023, 9, 15), count=3)

    paper = papers.paper_in_force(city.session, annual_no)
    (view,) = papers.paper_views([paper], for_staff=False)
    (row,) = papers.progress(city.session, view)

    # One row of 10 a year; a drawn plan of 4 + 6 units, three of them visited, none public.
    assert (row.planned, row.drawn, row.done, row.published) == (10, 10, 3, 0)
    assert set(row.plan_nos) == {draft.no, plan.no}


def test_the_code_table_that_comes_with_the_product_is_dated_and_cited() -> None:
    from sampling.queries.publication import CODES

    document = json.loads(Path(CODES).read_text("utf-8"))

    assert {one["national"] for one in document["codes"]} == set(range(1, 9))
    assert all(one["mark"] in ("text", "digest", "memory", "own") for one in document["codes"])
    assert document["citation"]["note"]
