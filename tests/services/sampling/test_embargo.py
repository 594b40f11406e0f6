"""A list that is closed: fixed at once, telling nothing, and the same when it opens."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.chain import canonical_json
from runtime import verify
from sampling import errors
from sampling.maths import bundle, embargo
from sampling.maths.replay import check_bundle
from sampling.models.plans import FrameUnit
from sampling.queries import plans
from sampling.service import parts
from sampling.service.embargo import public_form
from tests.services.sampling.conftest import DICE, City
from tests.services.sampling.test_draw_service import drawn

Clock = Callable[[str], Any]
OPENS = date(2023, 9, 20)
Form = dict[str, Any]


@pytest.fixture
def plan_no(city: City, at: Clock) -> str:
    """A drawn plan whose list is closed."""
    return drawn(city, at, disclose_on=OPENS)


@pytest.fixture
def form(city: City, plan_no: str) -> Form:
    """What everybody may have of it, as it is read from its file."""
    return json.loads(canonical_json(public_form(city.session, plan_no)))  # type: ignore[no-any-return]


def whole(city: City, plan_no: str) -> dict[str, bytes]:
    """The bundle, as staff could make it already."""
    plan = plans.plan_by_no(city.session, plan_no)
    return parts.sealed_bundle(city.session, plan, only_public=False)


def wrong(checks: Any) -> dict[str, str]:
    return {check.part: check.detail for check in checks if not check.agrees}


def test_the_form_holds_and_says_what_it_cannot_show(form: Form) -> None:
    assert wrong(embargo.check_embargoed(form)) == {}
    assert wrong(embargo.check_embargoed(form, form["commitment"]["commitment"])) == {}
    assert len(form["drawn"]) == 4 + 3 + 6 + 2
    assert form["values"][0] is None  # the dice


def test_the_form_tells_nothing_of_the_list(city: City, plan_no: str, form: Form) -> None:
    text = json.dumps(form)
    made = json.loads(whole(city, plan_no)["draw.json"])
    codes = city.session.execute(select(FrameUnit.code, FrameUnit.recused)).all()

    assert DICE not in text
    assert made["seed"] not in text
    for unit in made["units"]:
        assert unit["code"] not in text
        assert unit["ticket"] not in text
    for code, recused in codes:
        assert code not in text
        assert bytes(recused).hex() not in text
    assert form["drawn"] == sorted(form["drawn"])  # so the order tells no rank


def test_the_bundle_is_the_same_draw_when_it_opens(
    city: City, at: Clock, plan_no: str, form: Form
) -> None:
    at("2023-09-20T01:00:00+00:00")
    plan = plans.plan_by_no(city.session, plan_no)
    opened = parts.sealed_bundle(city.session, plan, only_public=True)

    assert all(check.agrees for check in check_bundle(opened))
    assert wrong(embargo.check_disclosed(form, opened)) == {}
    assert json.loads(canonical_json(public_form(city.session, plan_no))) == form


@pytest.mark.parametrize(
    ("change", "part", "words"),
    [
        (lambda f: f["plan"].__setitem__("title", "x"), "plan", "its hash is not plan_hash"),
        (lambda f: f.__setitem__("leaves", f["leaves"][44:]), "roster", "whole hashes|sum of"),
        (
            lambda f: f.__setitem__("leaves", "A" * 8 + f["leaves"][8:]),
            "roster",
            "its root is not frame_root",
        ),
        (
            lambda f: f["commitment"].__setitem__("commitment", "00" * 32),
            "commitment",
            "does not follow from its two hashes",
        ),
        (
            lambda f: f["commitment"]["receipt"].__setitem__("sequence", 9),
            "commitment",
            "the hash of entry 9",
        ),
        (
            lambda f: f["values"][1].__setitem__("value", "00" * 32),
            "values",
            "not the SHA-256 of the signature",
        ),
        (lambda f: f["values"].__setitem__(0, {"kind": "dice"}), "values", "dice are open"),
        (lambda f: f["drawn"].pop(), "drawn", "14 entries, the plan draws and reserves 15"),
        (lambda f: f["drawn"].__setitem__(0, "00" * 32), "drawn", "their root is not drawn_root"),
        (
            lambda f: f["announced"]["body"]["parts"].__setitem__("draw.json", "0"),
            "drawn",
            "the hash of entry",
        ),
        (lambda f: f["announced"].__setitem__("kind", "x"), "drawn", "for something else"),
        (lambda f: f.pop("drawn"), "drawn", "malformed"),
    ],
)
def test_a_changed_form_is_named(
    form: Form, change: Callable[[Form], None], part: str, words: str
) -> None:
    change(form)

    found = wrong(embargo.check_embargoed(form))

    assert re.search(words, found[part])


def test_another_list_than_the_closed_one_is_named(city: City, plan_no: str, form: Form) -> None:
    opened = whole(city, plan_no)
    made = json.loads(opened["draw.json"])
    other = copy.deepcopy(made)
    other["units"][0]["code"], other["units"][1]["code"] = (
        made["units"][1]["code"],
        made["units"][0]["code"],
    )
    fewer = {**made, "units": made["units"][:-1]}
    roster = json.loads(opened["frame.json"])
    roster["units"].pop()

    def told(**changed: Any) -> dict[str, str]:
        names = {name.replace("_", "."): canonical_json(v) for name, v in changed.items()}
        return wrong(embargo.check_disclosed(form, {**opened, **names}))

    assert "not among the closed entries" in told(draw_json=other)["draw.json"]
    assert "1 closed entries were not disclosed" in told(draw_json=fewer)["draw.json"]
    assert told(frame_json=roster)["frame.json"] == "29 units, the embargoed form has 30 leaves"
    assert told(entropy_json={"sources": []})["draw.json"].startswith("entropy.json is not")


def test_a_list_that_was_public_at_once_has_no_such_form(city: City, at: Clock) -> None:
    with pytest.raises(errors.NothingClosed):
        public_form(city.session, drawn(city, at))


@pytest.mark.usefixtures("at")
def test_before_the_draw_there_is_none(city: City) -> None:
    plan = city.committed(disclose_on=OPENS)

    with pytest.raises(errors.NotDrawnYet):
        public_form(city.session, plan.no)


def test_the_command_verifies_both_forms(
    city: City,
    plan_no: str,
    form: Form,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "form.json").write_text(json.dumps(form), encoding="utf-8")
    (tmp_path / "draw.zip").write_bytes(bundle.packed(whole(city, plan_no)))
    arguments = [str(tmp_path / "form.json"), "--embargoed"]

    assert verify.main(arguments) == 0
    assert "Not to be verified until the list is public" in capsys.readouterr().out
    assert verify.main([*arguments, "--disclosed", str(tmp_path / "draw.zip")]) == 0
    assert "The bundle is the draw" in capsys.readouterr().out
    form["drawn"].pop()
    (tmp_path / "form.json").write_text(json.dumps(form), encoding="utf-8")
    assert verify.main(arguments) == 1
    (tmp_path / "form.json").write_text("[", encoding="utf-8")
    assert verify.main(arguments) == 2
