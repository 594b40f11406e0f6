"""The acts of a sampling case as forms, their fields from the table of the procedure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.console.forms import Form
from api.console.labels import label
from core.actors import Actor
from core.clock import today
from sampling.maths.procedure import MOVES
from sampling.maths.procedure_words import CITATIONS, Act, Evidence, Kind
from sampling.queries.procedure import CaseDossier
from sampling.queries.record_parts import RecordView
from sampling.service.procedure import moves
from sampling.service.procedure.facts import CHANNELS


@dataclass(frozen=True, slots=True)
class CaseField:
    """One fact that an act asks for."""

    name: str
    title: str
    kind: str
    is_required: bool
    choices: Sequence[tuple[str, str]] = ()
    default: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One act as a form."""

    act: str
    title: str
    is_grave: bool
    has_files: bool
    citation: str
    fields: Sequence[CaseField] = field(default_factory=tuple)


def steps_of(
    acts: Sequence[Act],
    file: CaseDossier,
    *,
    team: Sequence[str],
    roles: Sequence[str],
    records: Sequence[RecordView] = (),
) -> list[CaseStep]:
    """Forms of the acts that somebody may take, in the order of the procedure.

    Parameters
    ----------
    records : sequence of RecordView
        Signed records on which the sample may stand.
    """
    found = []
    for act in acts:
        move = MOVES[act]
        cited = CITATIONS[move.cites]
        fields: list[CaseField] = []
        for each in move.evidence:
            if each.name == "record_no":
                fields.append(_record_field(each, records))
            else:
                fields.extend(_fields(each, file, team, roles))
        found.append(
            CaseStep(
                act=act.value,
                title=label("case_act", act.value),
                is_grave=move.is_grave,
                has_files=any(each.kind is Kind.FILES for each in move.evidence),
                citation=f"{cited.source} {cited.article}",
                fields=fields,
            )
        )
    return found


def _fields(
    each: Evidence, file: CaseDossier, team: Sequence[str], roles: Sequence[str]
) -> list[CaseField]:
    if each.kind is Kind.PARTIES:
        return _party_fields(roles)
    kind = each.kind.value
    open_ones = [one for one in file.objections if one.outcome is None]
    choices = [(code, label("case_choice", code)) for code in each.choices]
    if each.name == "objection":
        kind = "choice"
        choices = [
            (str(one.number), f"{one.number} · {label('case_choice', one.kind)}")
            for one in open_ones
        ]
    elif each.name in ("party", "objector"):
        told = {one.role for one in file.parties if each.name == "objector" or not one.received_on}
        choices = [pair for pair in choices if pair[0] in told]
    return [
        CaseField(
            name=each.name,
            title=label("case_field", each.name),
            kind=kind,
            is_required=each.is_required,
            choices=choices,
            default=_default(each, file, team),
            hint=_hint(each.kind),
        )
    ]


def _record_field(each: Evidence, records: Sequence[RecordView]) -> CaseField:
    """A choice of the unit's signed records, the one place where a sample gets its number."""
    hint = ""
    if not records:
        hint = str(_("No record of this unit is signed yet; sign it under “Sampling records”."))
    choices = []
    for one in records:
        told = (one.no, one.values.get("product_name"), one.values.get("sampled_on"))
        choices.append((one.no, " · ".join(part for part in told if part)))
    return CaseField(each.name, label("case_field", each.name), "choice", True, choices, hint=hint)


def _party_fields(roles: Sequence[str]) -> list[CaseField]:
    fields = []
    for role in roles:
        who = label("case_choice", role)
        if role == "authority":
            fields.append(CaseField(f"name-{role}", _("%(who)s: name", who=who), "line", True))
        fields.append(
            CaseField(
                f"channel-{role}",
                _("%(who)s: sent", who=who),
                "choice",
                True,
                [(code, label("case_choice", code)) for code in CHANNELS],
            )
        )
        fields.append(
            CaseField(
                f"sent_on-{role}",
                _("%(who)s: sent on", who=who),
                "day",
                True,
                default=today().isoformat(),
            )
        )
    return fields


def _default(each: Evidence, file: CaseDossier, team: Sequence[str]) -> str:
    if each.kind is Kind.DAY and each.is_required and not each.is_ahead:
        return today().isoformat()
    if each.name == "samplers":
        return "、".join(team)
    if each.name in ("product", "brand", "model", "lot_no"):
        return str(getattr(file.case, each.name) or "")
    if each.name == "items":
        return "\n".join(str(one["item"]) for test in file.tests[:1] for one in test.failed_items)
    return ""


def _hint(kind: Kind) -> str:
    if kind is Kind.PEOPLE:
        return str(_("separate by commas"))
    if kind is Kind.LINES:
        return str(_("one a line"))
    if kind is Kind.ITEMS:
        return str(_("one a line: item | measured | standard; a label item begins with 标签 |"))
    return ""


def facts_of(
    session: Session, actor: Actor, number: str, act: Act, form: Form, roles: Sequence[str]
) -> dict[str, Any]:
    """The facts of an act as the form says them; its files are stored first."""
    facts: dict[str, Any] = {}
    for each in MOVES[act].evidence:
        if each.kind is Kind.FILES:
            facts[each.name] = _stored(session, actor, number, each.name)
        elif each.kind is Kind.PARTIES:
            facts[each.name] = _parties(form.values, roles)
        elif each.kind is Kind.FLAG:
            facts[each.name] = form.value(each.name) == "yes"
        else:
            facts[each.name] = form.value(each.name)
    return facts


def _stored(session: Session, actor: Actor, number: str, name: str) -> list[str]:
    hashes: list[str] = []
    for sent in request.files.getlist(name):
        if sent.filename:
            kept = moves.add_file(
                session,
                actor,
                number,
                sent.read(),
                name=sent.filename,
                media_type=sent.mimetype or "application/octet-stream",
            )
            hashes.append(kept.sha256)
    return list(dict.fromkeys(hashes))


def _parties(values: Mapping[str, str], roles: Sequence[str]) -> list[dict[str, str]]:
    return [
        {
            "role": role,
            "name": values.get(f"name-{role}", ""),
            "channel": values.get(f"channel-{role}", ""),
            "sent_on": values.get(f"sent_on-{role}", ""),
        }
        for role in roles
    ]
