"""What the departments found on joint visits."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from sampling.models.plans import Plan
from sampling.models.seats import DepartmentResult
from sampling.views import DepartmentView


def department_results(session: Session, plan_id: int, code: str) -> list[DepartmentResult]:
    """What was recorded at one visit, in the order in which it was."""
    return list(
        session.execute(
            select(DepartmentResult)
            .where(DepartmentResult.plan_id == plan_id, DepartmentResult.code == code)
            .order_by(DepartmentResult.id)
        ).scalars()
    )


def department_views(session: Session, plan: Plan, code: str) -> list[DepartmentView]:
    """The departments of a visit in the order of the plan, each with its result; none: empty."""
    rows = {row.department: row for row in department_results(session, plan.id, code)}
    views = []
    for one in plan.team.get("departments") or ():
        row = rows.get(one["key"])
        views.append(
            DepartmentView(
                key=one["key"],
                name=one["name"],
                items=tuple(one["items"]),
                inspected_on=row.inspected_on if row else None,
                outcome=row.outcome if row else None,
                findings=tuple(row.items) if row else (),
                note=row.note if row else None,
                recorded_at=row.recorded_at if row else None,
                published_at=row.published_at if row else None,
            )
        )
    return views
