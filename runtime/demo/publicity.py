"""Results made public: entered by one person, reviewed by another; one of them taken back."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core import meta
from core.actors import Role
from core.progress import Progress
from runtime.demo import acts, cases, days, supervision
from runtime.demo.accounts import actor
from runtime.demo.acts import drawn_units, told
from runtime.demo.city import City
from sampling.queries.procedure import case_by_no
from sampling.service import announcing, publishing

PUBLISHED, SAMPLE, WITHDRAWN, WAITING = (
    f"demo.story.published-{name}" for name in ("inspection", "sample", "withdrawn", "waiting")
)  # in core.meta


def publication(session: Session, city: City, progress: Progress) -> None:
    """A failed sample, two inspections of which one is withdrawn, and one that waits for review."""
    lead, admin = actor(session, Role.LEAD_INSPECTOR), actor(session, Role.ADMINISTRATOR)
    meta.put(session, SAMPLE, _sample(session, city))
    _early_results(session, city)
    plan_no = told(session, acts.PLAN)
    passed = [
        unit.code
        for unit in drawn_units(session, plan_no)
        if unit.result is not None and unit.result.outcome == "pass"
    ]
    for key, code in zip((PUBLISHED, WITHDRAWN, WAITING), passed, strict=False):
        row = publishing.record_inspection(session, lead, plan_no, code, codes=["1"])
        meta.put(session, key, row.no)
        if key != WAITING:
            publishing.publish_record(session, admin, row.no)
    publishing.withdraw_record(
        session, lead, told(session, WITHDRAWN), reason="录入时选错企业（演示）"
    )
    progress("publication", 1, 1)


def _early_results(session: Session, city: City) -> None:
    """Of the supervision plan: what was found early is public but for one, which is overdue."""
    lead, admin = actor(session, Role.LEAD_INSPECTOR), actor(session, Role.ADMINISTRATOR)
    plan_no = told(session, supervision.PLAN)
    for kind, code in (("passed", "1"), ("correcting", "5")):
        case = case_by_no(session, told(session, cases.CASE[kind]))
        unit_code = case.unit_code or ""
        with days.on(city, 34, 10):
            row = publishing.record_inspection(session, lead, plan_no, unit_code, codes=[code])
        with days.on(city, 34, 16):
            publishing.publish_record(session, admin, row.no)


def _sample(session: Session, city: City) -> str:
    """The failure whose correction is running, as its case hands it over."""
    lead, admin = actor(session, Role.LEAD_INSPECTOR), actor(session, Role.ADMINISTRATOR)
    with days.on(city, 36, 10):
        row = announcing.record_case(
            session,
            lead,
            told(session, cases.CASE["correcting"]),
            serial=1,
            announcement_no=f"{city.as_of.year} 年第 7 号（演示）",
            announced_on=days.day(city, 36),
        )
    with days.on(city, 36, 16):
        publishing.publish_record(session, admin, row.no)
    return row.no
