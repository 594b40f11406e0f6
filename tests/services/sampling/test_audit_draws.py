"""An agency's own history, from its database to the printed audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from runtime import audit_draws
from sampling.maths.history_audit import audited
from sampling.models.plans import FrameUnit
from sampling.queries.history import past_draws
from sampling.service import changing, entropy
from tests.services.sampling.conftest import AFTER, BEFORE, SIGNATURE, VALUE, City
from tests.services.sampling.test_draw_service import drawn

Clock = Callable[[str], Any]


def test_past_draws_hold_rosters_samples_teams_and_times(city: City, at: Clock) -> None:
    first = drawn(city, at)

    history = past_draws(city.session)

    (draw,) = history.draws
    assert draw.no == first
    assert [(len(s.units), len(s.drawn)) for s in draw.strata] == [(15, 4), (15, 6)]
    assert all(set(s.drawn) <= set(s.units) for s in draw.strata)
    assert len(draw.teams) == 10
    assert all(len(team) == 2 for _, team in draw.teams)
    assert draw.dice_at is not None
    assert draw.committed_at is not None
    assert draw.drawn_at is not None
    assert draw.committed_at <= draw.dice_at <= draw.drawn_at
    assert (history.committed, history.void, history.left_out) == (1, 0, ())


def test_replacements_and_voids_are_counted(city: City, at: Clock) -> None:
    plan_no = drawn(city, at)
    history = past_draws(city.session)
    unit = int(history.draws[0].strata[0].drawn[0])
    code = city.session.execute(
        select(FrameUnit.code).where(FrameUnit.enterprise_id == unit)
    ).scalar_one()
    changing.replace_unit(city.session, city.lead, plan_no, code=code, reason="closed")
    at(BEFORE)
    decided = city.committed()
    city.throw_dice(decided)
    at(AFTER)
    entropy.enter_public_value(
        city.session, city.lead, decided.no, value=VALUE, signature=SIGNATURE
    )
    changing.void_plan(city.session, city.lead, decided.no, reason="unloved")

    history = past_draws(city.session)
    found = audited(
        history.draws,
        committed=history.committed,
        void=history.void,
        void_when_decided=history.void_when_decided,
    )

    assert (found.replaced.count, found.replaced.of) == (1, 10)
    assert (found.void.count, found.void.of) == (1, 2)
    assert found.void_when_decided == (decided.no,)


def test_the_command_prints_what_it_found(
    city: City, at: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    plan_no = drawn(city, at)
    city.session.commit()

    assert audit_draws.main([]) == 0

    told = capsys.readouterr().out
    assert "1 draws with equal chances, 10 units drawn" in told
    assert "One draw: neither frequencies nor repeats" in told
    assert "commitment to dice" in told
    assert audit_draws.main(["--from", "2030-01-01"]) == 0
    assert plan_no not in capsys.readouterr().out


def test_the_simulation_prints_chi_square_and_p(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit_draws.main(["--simulate", "--draws", "300", "--large-draws", "5"]) == 0

    told = capsys.readouterr().out
    assert told.count("equal, sha256") == 2
    assert "χ²/df" in told
    assert audit_draws.main(["--simulate", "--draws", "0"]) == 2
