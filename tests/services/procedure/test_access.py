"""What the database itself keeps apart: foreign cases, monitoring, two people, late warnings."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.unit_of_work import (
    PUBLIC_ACCESS,
    STAFF_ACCESS,
    Access,
    access_of,
    read_only,
    unit_of_work,
)
from sampling.errors import CaseUnknown
from sampling.maths.procedure import MONITORING_STATES, STANDING_STATES
from sampling.maths.procedure_words import Act, Domain, Purpose, State
from sampling.models.procedure import SamplingCase
from sampling.queries import procedure as queries
from sampling.service.procedure import grave
from sampling.service.procedure.moves import carry_out
from sampling.service.procedure.opening import record_rapid_test
from tests import factories
from tests.services.procedure.conftest import (
    FAIL,
    Cast,
    actor_of,
    at,
    notified,
    sampled,
    testing,
    told,
)

TABLES = (
    "sampling_case", "sampling_party", "sampling_objection", "sampling_test", "sampling_clock",
    "sampling_proposal", "sampling_case_file", "rapid_test",
)  # fmt: skip


def seen(access: Access) -> dict[str, int]:
    with read_only(access) as reader:
        return {
            table: found
            for table in TABLES
            if (found := reader.execute(select(func.count()).select_from(text(table))).scalar_one())
        }


def whole_case(session: Session, cast: Cast) -> SamplingCase:
    """A shop sample with a producer from elsewhere, both told, the unit's objection in."""
    with at("2026-03-02"):
        case = cast.open(domain=Domain.SHOP)
        record_rapid_test(
            session, cast.leader, enterprise_code=cast.unit.code, product="插座", item="铅",
            method="试纸", reading="positive", tested_on=case.acted_on,
        )  # fmt: skip
    maker = factories.enterprise(session, name="远方电器厂")
    cast.stranger = actor_of(session, cast.owner.role, enterprise_id=maker.id)
    sampled(cast, case, "2026-04-01", producer_code=maker.code)
    testing(cast, case, "2026-04-02")
    with at("2026-04-20"):
        cast.do(case, Act.REPORT, reported_on="2026-04-20", report=[cast.report], **FAIL)
    told(cast, case, "2026-04-20", "sampled_unit", "producer")
    with at("2026-04-21"):
        cast.do(case, Act.ACKNOWLEDGE, cast.owner)
        cast.do(case, Act.OBJECT, cast.owner, kind="process", statement="不服")
    session.commit()
    return case


def test_each_party_sees_its_own_letter_and_nobody_another_ones_objection(
    session: Session, cast: Cast
) -> None:
    whole_case(session, cast)
    outsider = actor_of(session, cast.owner.role, enterprise_id=factories.enterprise(session).id)
    session.commit()

    assert set(seen(STAFF_ACCESS)) == set(TABLES) - {"sampling_proposal"}
    unit, producer = seen(access_of(cast.owner)), seen(access_of(cast.stranger))
    assert (unit["sampling_party"], unit["sampling_objection"]) == (1, 1)
    assert producer["sampling_party"] == 1
    assert "sampling_objection" not in producer
    assert (unit["sampling_test"], producer["sampling_test"]) == (1, 1)
    assert "rapid_test" not in unit
    for access in (access_of(outsider), Access("enterprise", None), PUBLIC_ACCESS):
        assert seen(access) == {}


def test_nobody_is_warned_before_the_notice(
    session: Session, cast: Cast, case: SamplingCase
) -> None:
    session.commit()

    assert seen(access_of(cast.owner)) == {}
    sampled(cast, case, "2026-04-01")
    session.commit()
    assert set(seen(access_of(cast.owner))) == {"sampling_case"}


def test_a_party_acts_under_its_own_rights(session: Session, cast: Cast) -> None:
    case = whole_case(session, cast)

    with at("2026-04-22"):
        with unit_of_work(access_of(cast.stranger)) as own:
            carry_out(own, cast.stranger, case.no, Act.ACKNOWLEDGE, {})
        with unit_of_work(access_of(cast.stranger)) as own:
            carry_out(
                own, cast.stranger, case.no, Act.OBJECT,
                {"kind": "authenticity", "statement": "非我厂产品"},
            )  # fmt: skip

    session.expire_all()
    numbers = [(one.number, one.kind) for one in queries.objections_of(session, case)]
    assert numbers == [(1, "process"), (2, "authenticity")]
    with read_only(access_of(cast.owner)) as reader:
        assert len(queries.case_dossier(reader, case.no).objections) == 1


def test_an_enterprise_cannot_reach_another_ones_case(
    session: Session, cast: Cast, case: SamplingCase
) -> None:
    notified(cast, case, FAIL)
    session.commit()

    with (
        at("2026-04-21"),
        unit_of_work(access_of(cast.stranger)) as own,
        pytest.raises(CaseUnknown),
    ):
        carry_out(own, cast.stranger, case.no, Act.OBJECT, {})


@pytest.mark.parametrize("state", sorted(set(State) - MONITORING_STATES))
def test_the_database_refuses_every_other_state_for_a_monitoring_sample(
    session: Session, cast: Cast, state: State
) -> None:
    with at("2026-03-02"):
        case = cast.open(purpose=Purpose.MONITORING)
    case.state = state.value

    with pytest.raises(IntegrityError, match="ck_sampling_case_monitoring"):
        session.flush()


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"verdict": "fail", "confirmed_at": "now"}, "no_verdict"),
        ({"state": "void"}, "void_reason"),
    ],
)
def test_the_database_refuses_a_verdict_on_a_monitoring_sample(
    session: Session, cast: Cast, change: dict[str, Any], constraint: str
) -> None:
    with at("2026-03-02"):
        case = cast.open(purpose=Purpose.MONITORING)
    for name, value in change.items():
        setattr(case, name, case.opened_at if value == "now" else value)

    with pytest.raises(IntegrityError, match=f"ck_sampling_case_{constraint}"):
        session.flush()


def test_a_monitoring_report_with_a_verdict_is_refused_by_the_database(
    session: Session, cast: Cast
) -> None:
    with at("2026-03-02"):
        case = cast.open(purpose=Purpose.MONITORING)
    sampled(cast, case, "2026-04-01")
    testing(cast, case, "2026-04-02")
    with at("2026-04-20"):
        cast.do(
            case, Act.REPORT_FINDINGS, reported_on="2026-04-20", report_no="1", findings="x",
            report=[cast.report],
        )  # fmt: skip
    (row,) = queries.tests_of(session, case)
    row.overall = "fail"

    with pytest.raises(IntegrityError, match="ck_sampling_test_no_verdict"):
        session.flush()


def test_the_database_lets_nobody_approve_the_own_proposal(
    session: Session, cast: Cast, case: SamplingCase
) -> None:
    with at("2026-03-03"):
        proposal = grave.propose(session, cast.leader, case.no, Act.WITHDRAW, {"reason": "误开"})
    proposal.outcome, proposal.decided_by = "approved", cast.leader.account_id

    with pytest.raises(IntegrityError, match="two_people"):
        session.flush()


def test_a_proposal_that_would_be_refused_is_refused_at_once_and_leaves_nothing(
    session: Session, cast: Cast, case: SamplingCase
) -> None:
    from sampling import errors

    with at("2026-03-03"), pytest.raises(errors.CaseStateForbids):
        grave.propose(session, cast.leader, case.no, Act.ANNOUNCE, {})
    with at("2026-03-03"):
        grave.propose(session, cast.leader, case.no, Act.WITHDRAW, {"reason": "误开"})
        grave.decline(session, cast.second, case.no, reason="无需撤销")
        with pytest.raises(errors.NoProposal):
            grave.approve(session, cast.second, case.no)

    assert (case.state, case.void_reason) == ("drawn", None)


def test_a_proposal_lapses_where_the_case_moves_on(
    session: Session, cast: Cast, case: SamplingCase
) -> None:
    with at("2026-03-03"):
        proposal = grave.propose(session, cast.leader, case.no, Act.WITHDRAW, {"reason": "误开"})
        cast.do(
            case, Act.GIVE_NOTICE, noticed_on="2026-03-03", notice_no="1",
            samplers=[one.number for one in cast.team],
        )  # fmt: skip
    session.refresh(proposal)

    assert proposal.outcome == "lapsed"


def test_what_may_be_published_are_standing_states_of_supervision_only() -> None:
    assert not STANDING_STATES & {State.VOID, State.NOTIFIED, State.REPORTED, State.HANDLED}
    assert not STANDING_STATES & MONITORING_STATES
