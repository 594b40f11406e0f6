"""Lists of products, places, grades, ties and laboratories come in whole or not at all."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actors import SYSTEM
from core.imports import ImportKind, Outcome, run
from registry import catalogues
from registry.models import Enterprise, Laboratory, Product, Recusal
from registry.queries import establishments_of, grades_of, products_of
from tests import factories


def load(session: Session, kind: ImportKind, *lines: str) -> Outcome:
    content = "\n".join(lines).encode()
    return run(session, SYSTEM, kind, content, f"{kind.name}.csv")


def messages(outcome: Outcome) -> list[str]:
    return [problem.message for problem in outcome.problems]


def test_products_are_added_and_brought_up_to_date(session: Session) -> None:
    firm = factories.enterprise(session)
    header = "统一社会信用代码,产品名称,商品条码,商标,规格型号"

    load(session, catalogues.PRODUCTS, header, f"{firm.code},充电器,2900000000018,云杉,48V")
    outcome = load(
        session, catalogues.PRODUCTS, header, f"{firm.code},充电器,2900000000018,云杉,60V"
    )

    found = products_of(session, firm.id)
    session.refresh(found[0])
    assert outcome.stored
    assert [(p.gtin, p.brand, p.model) for p in found] == [("02900000000018", "云杉", "60V")]


def test_a_product_with_a_wrong_check_digit_is_refused(session: Session) -> None:
    firm = factories.enterprise(session)

    outcome = load(
        session,
        catalogues.PRODUCTS,
        "统一社会信用代码,产品名称,商品条码",
        f"{firm.code},充电器,2900000000011",
    )

    assert not outcome.stored
    assert "last digit" in messages(outcome)[0]
    assert session.execute(select(Product).where(Product.enterprise_id == firm.id)).all() == []


def test_a_row_of_an_unknown_enterprise_stops_the_file(session: Session) -> None:
    firm = factories.enterprise(session)

    outcome = load(
        session,
        catalogues.PRODUCTS,
        "统一社会信用代码,产品名称",
        f"{firm.code},充电器",
        "91990100MA00000000,充电器",
    )

    assert not outcome.stored
    assert "import the roster first" in messages(outcome)[0]


def test_online_shops_are_kept_beside_the_site(session: Session) -> None:
    firm = factories.enterprise(session)

    load(
        session,
        catalogues.ESTABLISHMENTS,
        "统一社会信用代码,序号,类型,名称,网址",
        f"{firm.code},2,网店,旗舰店,https://shop.example/1",
    )

    assert [(e.number, e.kind, e.name) for e in establishments_of(session, firm.id)] == [
        ("2", "online", "旗舰店")
    ]


def test_the_latest_grade_in_force_is_shown_and_the_history_kept(session: Session) -> None:
    firm = factories.enterprise(session, grade=None)
    rows = (
        "统一社会信用代码,信用风险等级,生效日期,评级模型",
        f"{firm.code},C,2026-03-01,m/1",
        f"{firm.code},B,2025-01-01,m/1",
        f"{firm.code},D,2999-01-01,m/1",
    )

    load(session, catalogues.GRADES, *rows)
    again = load(session, catalogues.GRADES, *rows, f"{firm.code},A,2024-01-01,m/1")

    row = session.execute(select(Enterprise).where(Enterprise.id == firm.id)).scalar_one()
    assert row.grade == "C"
    assert [each.grade for each in grades_of(session, firm.id)] == ["D", "C", "B", "A"]
    assert again.counts == {"already known": 3, "added": 1}


def test_a_tie_names_a_known_inspector(session: Session) -> None:
    firm = factories.enterprise(session)
    person = factories.person(session)
    header = "工号,统一社会信用代码,回避事由,起始日期"

    refused = load(session, catalogues.RECUSALS, header, f"nobody,{firm.code},持股,2026-01-01")
    load(session, catalogues.RECUSALS, header, f"{person.number},{firm.code},持股,2026-01-01")

    ties = session.execute(select(Recusal).where(Recusal.person_id == person.id)).scalars().all()
    assert "no inspector has the number nobody" in messages(refused)[0]
    assert [(tie.enterprise_id, tie.kind) for tie in ties] == [(firm.id, "shareholding")]


def test_laboratories_come_with_their_accreditation(session: Session) -> None:
    load(
        session,
        catalogues.LABORATORIES,
        "机构编号,机构名称,资质认定证书编号,资质有效期",
        "JY99,检验院,99-CMA-1,2027-01-31",
    )

    row = session.execute(select(Laboratory).where(Laboratory.code == "JY99")).scalar_one()
    assert (row.name, str(row.accreditation_until)) == ("检验院", "2027-01-31")
