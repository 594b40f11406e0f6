"""Was I in the roster, and with what chance? By API, page and command."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from registry.models import Enterprise
from runtime import verify
from sampling.maths.inclusion import check_inclusion
from sampling.queries.plans import plan_by_no
from sampling.queries.rosters import roster_blocks
from tests.api.test_sampling import PUBLIC, city, frozen, lead, second, visitor

__all__ = ["city", "lead", "second", "visitor"]  # fixtures of the neighbour

SignIn = Callable[..., Actor]


@pytest.fixture
def plan_no(lead: Any) -> str:
    """A frozen plan."""
    return frozen(lead, disclose_on="2026-12-01")[0]


@dataclass(frozen=True)
class Row:
    """A unit of the roster, and whose it is."""

    code: str
    stratum: str
    enterprise_id: int


@pytest.fixture
def rows(session: Session, plan_no: str) -> list[Row]:
    """The units of its roster."""
    plan = plan_by_no(session, plan_no)
    return [
        Row(unit.code, unit.stratum, who.at(place).enterprise_id)
        for block, who in roster_blocks(session, plan.id)
        for place, unit in enumerate(block.units())
    ]


@pytest.fixture
def row(rows: list[Row]) -> Row:
    """One of them."""
    return rows[0]


def test_staff_read_any_entry_and_it_verifies(lead: Any, plan_no: str, row: Row) -> None:
    proof = lead.get(f"{PUBLIC}/{plan_no}/inclusion?code={row.code}").json
    committed = lead.get(f"{PUBLIC}/{plan_no}").json["commitment"]

    found = check_inclusion(proof, committed)

    assert (found.code, found.plan_no, found.stratum) == (row.code, plan_no, row.stratum)
    assert found.probability is not None
    assert found.probability.denominator <= 6
    assert found.quota / found.size == float(found.probability)


def test_every_unit_of_the_roster_has_its_proof(lead: Any, plan_no: str, rows: list[Row]) -> None:
    codes = [row.code for row in rows]

    roots = set()
    for code in codes:
        proof = lead.get(f"{PUBLIC}/{plan_no}/inclusion?code={code}").json
        assert check_inclusion(proof).code == code
        roots.add(proof["frame_root"])
    assert len(codes) == 12
    assert len(roots) == 1


def test_an_enterprise_reads_its_own_entry_and_no_other(
    app: Any, sign_in: SignIn, plan_no: str, row: Row, rows: list[Row]
) -> None:
    client = app.test_client()
    sign_in(client, Role.ENTERPRISE, enterprise_id=row.enterprise_id)
    other = rows[1].code

    assert client.get(f"{PUBLIC}/{plan_no}/inclusion?code={row.code}").status_code == 200
    refused = client.get(f"{PUBLIC}/{plan_no}/inclusion?code={other}")
    assert refused.status_code == 403
    assert client.get(f"{PUBLIC}/{plan_no}/inclusion-token?code={other}").status_code == 403


def test_a_visitor_needs_the_token_while_the_roster_is_closed(
    visitor: Any, lead: Any, plan_no: str, row: Row
) -> None:
    address = f"{PUBLIC}/{plan_no}/inclusion?code={row.code}"
    token = lead.get(f"{PUBLIC}/{plan_no}/inclusion-token?code={row.code}").json["token"]

    assert visitor.get(address).status_code == 403
    assert visitor.get(f"{address}&token={'0' * 32}").status_code == 403
    assert visitor.get(f"{address}&token={token}").status_code == 200
    assert visitor.get(f"{PUBLIC}/{plan_no}/inclusion-token?code={row.code}").status_code == 401


def test_a_visitor_is_told_the_same_of_enterprises_inside_and_outside(
    visitor: Any, plan_no: str, row: Row
) -> None:
    inside = visitor.get(f"{PUBLIC}/{plan_no}/inclusion?code={row.code}")
    outside = visitor.get(f"{PUBLIC}/{plan_no}/inclusion?code=NOBODY")

    assert inside.status_code == outside.status_code == 403
    assert inside.json["title"] == outside.json["title"]


def test_staff_are_told_that_a_code_is_not_there(lead: Any, plan_no: str) -> None:
    answer = lead.get(
        f"{PUBLIC}/{plan_no}/inclusion?code=NOBODY", headers={"Accept-Language": "en"}
    )

    assert answer.status_code == 404
    assert "NOBODY is not in the roster" in answer.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p["unit"].__setitem__(1, "D" if p["unit"][1] == "A" else "A"), "the path does"),
        (lambda p: p["unit"].__setitem__(2, 2), "the path does"),
        (lambda p: p["path"].__setitem__(0, "00" * 32), "the path does"),
        (lambda p: p.__setitem__("index", p["index"] + 1), "the path does"),
        (lambda p: p["plan"]["strata"][0].__setitem__("quota", 5), "the receipt is for another"),
        (lambda p: p["receipt"].__setitem__("recorded_at", "x"), "the receipt's hash does not"),
        (lambda p: p["receipt"]["body"].__setitem__("no", "x"), "the receipt is for another"),
        (lambda p: p.__setitem__("frame_root", "00" * 32), "the path does"),
        (lambda p: p.pop("plan"), "lacks something"),
        (lambda p: p.__setitem__("unit", [1]), "lacks something|not enough values"),
        (lambda p: p.__setitem__("format", "x"), "this is not a"),
    ],
)
def test_a_changed_proof_is_refused_in_words(
    lead: Any, plan_no: str, row: Row, change: Callable[[Any], None], words: str
) -> None:
    proof = lead.get(f"{PUBLIC}/{plan_no}/inclusion?code={row.code}").json
    change(proof)

    with pytest.raises(ValueError, match=words):
        check_inclusion(proof)


def test_the_command_prints_the_chance(
    lead: Any, plan_no: str, row: Row, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = lead.get(f"{PUBLIC}/{plan_no}/inclusion?code={row.code}").json
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proof), encoding="utf-8")

    assert verify.main([str(file), "--inclusion"]) == 0
    assert "chance " in capsys.readouterr().out
    assert verify.main([str(file), "--inclusion", "--commitment", "00" * 32]) == 1
    assert "not yours" in capsys.readouterr().out
    proof["index"] += 1
    file.write_text(json.dumps(proof), encoding="utf-8")
    assert verify.main([str(file), "--inclusion"]) == 1
    file.write_text("{", encoding="utf-8")
    assert verify.main([str(file), "--inclusion"]) == 2


def test_the_page_shows_entry_and_chance_without_script(
    visitor: Any, lead: Any, plan_no: str, row: Row, session: Session
) -> None:
    token = lead.get(f"{PUBLIC}/{plan_no}/inclusion-token?code={row.code}").json["token"]
    name = session.get_one(Enterprise, row.enterprise_id).name

    empty = visitor.get(f"/v/{plan_no}/roster?lang=en")
    shut = visitor.get(f"/v/{plan_no}/roster?lang=en&code={row.code}")
    open_page = visitor.get(f"/v/{plan_no}/roster?lang=en&code={row.code}&token={token}")

    assert empty.status_code == shut.status_code == open_page.status_code == 200
    assert "Chance of being drawn" not in shut.text
    assert "Chance of being drawn" in open_page.text
    assert "Token for reading" not in open_page.text
    assert name not in open_page.text
    assert "/roster" in visitor.get(f"/v/{plan_no}").text
