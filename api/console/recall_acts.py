"""The steps of a recall that need a few facts: their fields on the page, and how they are taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.console.forms import Form
from core.actors import Actor
from core.clock import today
from recall.maths.lifecycle import Action
from recall.maths.notice import Remedy
from recall.service import execution, filing


@dataclass(frozen=True, slots=True)
class Field:
    """One fact that a step asks for; ``kind`` is day, number or words."""

    name: str
    title: str
    kind: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step as a form: what it is called, what it asks for, the words of its button."""

    action: str
    title: str
    fields: tuple[Field, ...]
    button: str
    is_grave: bool = False


def steps() -> dict[Action, Step]:
    """The steps that this page takes, in the reader's language."""
    recovered = Field("units_recovered", _("Units recovered so far"), "number")
    every = (
        Step(
            Action.RETURN_PLAN,
            _("Return the plan"),
            (
                Field("deficiencies", _("What is missing"), "words"),
                Field("due_on", _("To be mended by"), "day"),
            ),
            _("Return it"),
        ),
        Step(
            Action.BEGIN,
            _("Begin"),
            (Field("sellers_told_on", _("Sellers were told on"), "day"),),
            _("The recall begins"),
        ),
        Step(
            Action.REPORT_STAGE,
            _("Report on progress"),
            (recovered, Field("narrative", _("What was done"), "words")),
            _("Send the report"),
        ),
        Step(
            Action.END,
            _("End the active recall"),
            (recovered, Field("reason", _("Reason"), "words")),
            _("End it; the remedy stays"),
            is_grave=True,
        ),
        Step(
            Action.SUMMARISE,
            _("Summary"),
            (
                recovered,
                Field("units_disposed", _("Units disposed of"), "number"),
                Field("summary", _("What the recall achieved"), "words"),
            ),
            _("File the summary"),
        ),
        Step(
            Action.VOID,
            _("Declare the recall void"),
            (Field("reason", _("Reason, published"), "words"),),
            _("Declare it void"),
            is_grave=True,
        ),
    )
    return {Action(step.action): step for step in every}


def remedies() -> list[tuple[str, str]]:
    """What a producer may offer."""
    return [
        (Remedy.REFUND.value, _("refund")),
        (Remedy.REPLACE.value, _("replacement")),
        (Remedy.REPAIR.value, _("repair")),
        (Remedy.LABEL.value, _("warning label")),
    ]


def plan_of(form: Form) -> filing.PlanContent:
    """The plan as the form says it."""
    remedy = form.choice("remedy", _("Remedy"), [each.value for each in Remedy])
    return filing.PlanContent(
        instruction=form.text("instruction", _("What holders do now")),
        remedies=(Remedy(remedy),) if remedy else (),
        measures=form.text("measures", _("How, and at whose cost")),
        contact=form.text("contact", _("Telephone and contact")),
        starts_on=form.day("starts_on", _("The remedy begins on")) or today(),
    )


def facts_of(form: Form, step: Step) -> dict[str, Any]:
    """The facts of a step as the form says them."""
    read: dict[str, Callable[..., Any]] = {
        "day": form.day,
        "number": form.number,
        "words": form.text,
    }
    return {field.name: read[field.kind](field.name, field.title) for field in step.fields}


def take(
    session: Session,
    actor: Actor,
    number: str,
    step: Step,
    facts: dict[str, Any],
    version: int | None,
) -> None:
    """Take one step, from the version that the page was made of."""
    if step.action == Action.RETURN_PLAN:
        filing.return_plan(session, actor, number, **facts, expected_version=version)
    else:
        execution.carry_on(
            session, actor, number, Action(step.action), facts, expected_version=version
        )
