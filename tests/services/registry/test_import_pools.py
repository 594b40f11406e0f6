"""Inspectors' lists that tell officers from agency staff."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actors import SYSTEM
from core.imports import Outcome, run
from registry.imports import INSPECTORS
from registry.models import Laboratory, Person
from registry.queries import inspectors

HEADER = "工号,姓名,人员类别,所属抽样机构"


def load(session: Session, *lines: str) -> Outcome:
    return run(session, SYSTEM, INSPECTORS, "\n".join(lines).encode(), "people.csv")


@pytest.fixture
def laboratory(session: Session) -> Laboratory:
    """A testing body."""
    row = Laboratory(code="L1", name="检验院")
    session.add(row)
    session.flush()
    return row


def test_agency_staff_come_with_their_testing_body(
    session: Session, laboratory: Laboratory
) -> None:
    outcome = load(
        session, HEADER, "S1,甲,抽样人员,检验院", "S2,乙,,L1", "J1,丙,执法人员,", "J2,丁,,"
    )

    assert outcome.stored, outcome.problems
    found = {view.number: (view.pool, view.agency) for view in inspectors(session)}
    assert found == {
        "S1": ("agency", "检验院"),
        "S2": ("agency", "检验院"),
        "J1": ("officer", None),
        "J2": ("officer", None),
    }


def test_a_list_without_pools_leaves_them_as_they_are(
    session: Session, laboratory: Laboratory
) -> None:
    load(session, HEADER, "S1,甲,抽样人员,检验院")

    load(session, "工号,姓名", "S1,甲甲")

    person = session.execute(select(Person).where(Person.number == "S1")).scalar_one()
    assert (person.name, person.pool, person.laboratory_id) == ("甲甲", "agency", laboratory.id)


def test_an_agency_person_can_become_an_officer(session: Session, laboratory: Laboratory) -> None:
    load(session, HEADER, "S1,甲,抽样人员,检验院")

    load(session, HEADER, "S1,甲,执法人员,")

    person = session.execute(select(Person).where(Person.number == "S1")).scalar_one()
    assert (person.pool, person.laboratory_id) == ("officer", None)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("S1,甲,抽样人员,某某院", "no testing body has the code or name 某某院"),
        ("S1,甲,执法人员,检验院", "an officer belongs to no agency"),
        ("S1,甲,志愿者,", "志愿者"),
    ],
)
def test_what_cannot_be_meant_stops_the_file(
    session: Session, laboratory: Laboratory, line: str, words: str
) -> None:
    outcome = load(session, HEADER, line)

    assert not outcome.stored
    assert words in str(outcome.problems)
