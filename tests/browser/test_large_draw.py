"""A draw from a hundred thousand enterprises, recomputed by everybody's means; times are told."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from core.actors import SYSTEM, Actor, Role
from core.clock import now
from core.db import copy_rows
from core.unit_of_work import read_only, unit_of_work
from registry import service
from registry.models import Enterprise
from sampling.maths.bundle import packed
from sampling.queries import plans
from sampling.service import drawing, entropy, freezing, parts, planning
from tests import factories

pytestmark = pytest.mark.browser

ENTERPRISES = 100_000
SAMPLE = 1_000
DICE = "31625143625114632516434215632154326154321654321635"
VERIFIER = Path(__file__).parents[2] / "sampling" / "verifier" / "verify_draw.py"


@pytest.fixture
def large(address: str) -> str:
    """A plan drawn from a hundred thousand; returns its number."""
    at = now()
    with unit_of_work() as session:
        region, category = factories.region(session), factories.category(session)
        copy_rows(
            session,
            Enterprise,
            (
                *("code_scheme", "code", "name", "region_id", "category_id"),
                *("status", "grade", "code_warnings", "created_at", "updated_at"),
            ),
            (
                (
                    *("uscc", f"91370{n:013}", f"第{n}号企业", region.id, category.id),
                    *("active", "ABCD"[n % 4], [], at, at),
                )
                for n in range(ENTERPRISES)
            ),
        )
        for n in range(200):
            factories.person(session, senior=n % 3 == 0)
        people = []
        for role in (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR):
            account = factories.account(session, role=role)
            people.append(Actor(account.id, account.display_name, role))
        plan = planning.create_plan(
            session,
            SYSTEM,
            title="十万户",
            strata_by="grade",
            strata=[{"key": key, "quota": SAMPLE // 4, "reserve": 5} for key in "ABCD"],
            visit_on=service.today(),
            sources=[{"kind": "dice", "count": 50}, {"kind": "demo"}],
            team={"qualification": "none", "region": False},
        )
        plan_no = plan.no
    with unit_of_work() as session:
        freezing.freeze(session, SYSTEM, plan_no, secret=bytes(range(32)), software="test")
    for actor in people:
        with unit_of_work() as session:
            entropy.enter_dice(session, actor, plan_no, dice=DICE)
    with unit_of_work() as session:
        entropy.enter_public_value(session, people[0], plan_no, value="ab" * 32)
    with unit_of_work() as session:
        drawing.draw(session, people[0], plan_no)
    return plan_no


def test_a_large_draw_is_recomputed_in_the_browser_and_by_the_standalone_verifier(
    visit: Any, large: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with read_only() as session:
        plan = plans.plan_by_no(session, large)
        bundle = tmp_path / "draw.zip"
        bundle.write_bytes(packed(parts.sealed_bundle(session, plan, only_public=True)))
        commitment = bytes(plan.commitment or b"").hex()
    begun = time.perf_counter()
    told = subprocess.run(
        [sys.executable, str(VERIFIER), str(bundle), commitment], capture_output=True, text=True
    )
    standalone_s = time.perf_counter() - begun
    assert told.returncode == 0, told.stdout + told.stderr

    visitor = visit()
    begun = time.perf_counter()
    visitor.open(f"/v/{large}")
    # The page answers while it computes: the longest time that it did not is measured in it.
    visitor.page.evaluate(
        """() => {
          let last = performance.now();
          window.longest = 0;
          setInterval(() => {
            window.longest = Math.max(window.longest, performance.now() - last);
            last = performance.now();
          }, 10);
        }"""
    )
    visitor.page.wait_for_selector("#verify[data-state]", timeout=300_000)
    browser_s = time.perf_counter() - begun

    assert visitor.page.get_attribute("#verify", "data-state") == "agrees"
    assert visitor.complaints == []
    signs = visitor.page.eval_on_selector_all(
        "#checks li", "rows => rows.map(row => row.children[0].textContent)"
    )
    assert signs == ["✓"] * 12
    verdict = visitor.page.inner_text("#verdict")
    longest = visitor.page.evaluate("window.longest")
    with capsys.disabled():
        print(
            f"\n{ENTERPRISES:,} enterprises, bundle {bundle.stat().st_size / 1e6:.1f} MB: "
            f"browser {browser_s:.1f} s from the click to the verdict ({verdict!r}), "
            f"page still for at most {longest:.0f} ms; standalone verifier {standalone_s:.1f} s"
        )
