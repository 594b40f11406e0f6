"""Sampling cases (监督抽查) after the draw, for staff and for the enterprises they concern."""

from __future__ import annotations

import io
from typing import Any

from flask import send_file
from sqlalchemy.orm import Session

from api import etags
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.case_lots import lot_of_case
from api.paging import PageArgs, page
from api.schemas.procedure import (
    CaseActIn,
    CaseArgs,
    CaseDeclineIn,
    CaseEntryOut,
    CaseMoveOut,
    CaseOut,
    CasePage,
    CasesIn,
    CasesOpenedOut,
    CaseTraceArgs,
    CaseUpload,
    CaseUploadOut,
    RapidCaseIn,
    RapidTestIn,
    RapidTestOut,
    RapidTestPage,
)
from api.schemas.traceability import TraceOut
from core.actors import Role
from core.files import FileUnknown
from core.unit_of_work import read_only, unit_of_work
from sampling.errors import ActUnknown
from sampling.maths.procedure import MOVES
from sampling.maths.procedure_words import CITATIONS, Act
from sampling.queries import procedure as cases
from sampling.service.procedure import grave, moves, opening
from traceability.service.tracing import trace

blueprint = Blueprint(
    "procedure", __name__, url_prefix="/api/v1/sampling", description="Sampling cases"
)

LEADERS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
OFFICERS = (Role.INSPECTOR, *LEADERS)
READERS = (Role.ENTERPRISE, *OFFICERS, Role.RISK_ANALYST)


@blueprint.route("/procedure", methods=["GET"])
@require(*READERS)
@blueprint.response(200, CaseMoveOut(many=True))
def show_procedure() -> Any:
    """The whole procedure: every act with its states, parties, facts, clocks and article."""
    return [
        {
            "act": move.act.value,
            "sources": sorted(one.value for one in move.sources),
            "target": None if move.target is None else move.target.value,
            "parties": sorted(one.value for one in move.parties),
            "purposes": sorted(one.value for one in move.purposes),
            "domains": sorted(one.value for one in move.domains),
            "verdict": move.verdict,
            "is_grave": move.is_grave,
            "evidence": move.evidence,
            "starts": [one.rule_id for one in move.starts],
            "meets": move.meets,
            "citation": CITATIONS[move.cites],
        }
        for move in MOVES.values()
    ]


@blueprint.route("/cases", methods=["GET"])
@require(*READERS)
@blueprint.arguments(CaseArgs, location="query")
@blueprint.response(200, CasePage)
def list_cases(arguments: dict[str, Any]) -> dict[str, Any]:
    """Cases that the caller may see, newest first, with their overdue clocks."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = cases.cases_matching(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        return {**found, "items": cases.case_lines(session, found["items"])}


@blueprint.route("/plans/<plan_no>/cases", methods=["POST"])
@require(*LEADERS)
@blueprint.arguments(CasesIn)
@blueprint.response(201, CasesOpenedOut)
def open_for_plan(body: dict[str, Any], plan_no: str) -> Any:
    """Open cases for drawn units of a plan."""
    product = opening.Product(
        body.pop("product"), body.pop("brand"), body.pop("model"), body.pop("lot_no")
    )
    with unit_of_work(current_access()) as session:
        opened = opening.open_cases(session, current_actor(), plan_no, product=product, **body)
        return {"numbers": [case.no for case in opened]}


@blueprint.route("/cases/<number>", methods=["GET"])
@require(*READERS)
@blueprint.response(200, CaseOut)
def show(number: str) -> Any:
    """One case: clocks, parties, objections, reports, and what the caller may do next."""
    with read_only(current_access()) as session:
        return _whole(session, number)


@blueprint.route("/cases/<number>/trace", methods=["GET"])
@require(*OFFICERS, Role.RISK_ANALYST)
@blueprint.arguments(CaseTraceArgs, location="query")
@blueprint.response(200, TraceOut)
def trace_lot(arguments: dict[str, Any], number: str) -> Any:
    """Where the lot of this case came from and where it went: one call from the finding."""
    with read_only(current_access()) as session:
        lot = lot_of_case(session, cases.case_by_no(session, number))
        return trace(session, lot.lot_id, direction=arguments["direction"])


@blueprint.route("/cases/<number>/history", methods=["GET"])
@require(*READERS)
@blueprint.response(200, CaseEntryOut(many=True))
def show_history(number: str) -> Any:
    """What happened, each entry linked to the one before by its hash."""
    with read_only(current_access()) as session:
        return cases.case_history(session, number, whole=current_actor().is_staff)


@blueprint.route("/cases/<number>/acts/<act>", methods=["POST"])
@require(Role.ENTERPRISE, *OFFICERS)
@blueprint.arguments(CaseActIn)
@blueprint.response(200, CaseOut)
def do(body: dict[str, Any], number: str, act: str) -> Any:
    """Do one act in a case; needs If-Match."""
    chosen = _act(act)
    with unit_of_work(current_access()) as session:
        version = _checked_version(session, number)
        moves.carry_out(
            session, current_actor(), number, chosen, body["facts"], expected_version=version
        )
        return _whole(session, number)


@blueprint.route("/cases/<number>/proposals/<act>", methods=["POST"])
@require(*OFFICERS)
@blueprint.arguments(CaseActIn)
@blueprint.response(201, CaseOut)
def propose(body: dict[str, Any], number: str, act: str) -> Any:
    """Propose a grave step; another person approves it; needs If-Match."""
    chosen = _act(act)
    if not MOVES[chosen].is_grave:
        raise ActUnknown(act=act)
    with unit_of_work(current_access()) as session:
        version = _checked_version(session, number)
        grave.propose(
            session, current_actor(), number, chosen, body["facts"], expected_version=version
        )
        return _whole(session, number)


@blueprint.route("/cases/<number>/proposal/approve", methods=["POST"])
@require(*LEADERS)
@blueprint.response(200, CaseOut)
def approve(number: str) -> Any:
    """Approve what somebody else proposed; it is done at once; needs If-Match."""
    with unit_of_work(current_access()) as session:
        version = _checked_version(session, number)
        grave.approve(session, current_actor(), number, expected_version=version)
        return _whole(session, number)


@blueprint.route("/cases/<number>/proposal/decline", methods=["POST"])
@require(*OFFICERS)
@blueprint.arguments(CaseDeclineIn)
@blueprint.response(200, CaseOut)
def decline(body: dict[str, Any], number: str) -> Any:
    """Decline a proposal, or take the own one back; needs If-Match."""
    with unit_of_work(current_access()) as session:
        version = _checked_version(session, number)
        grave.decline(session, current_actor(), number, expected_version=version, **body)
        return _whole(session, number)


@blueprint.route("/cases/<number>/files", methods=["POST"])
@require(Role.ENTERPRISE, *OFFICERS)
@blueprint.arguments(CaseUpload, location="files")
@blueprint.response(201, CaseUploadOut)
def add_file(parts: dict[str, Any], number: str) -> Any:
    """Store a file; acts name it by its SHA-256."""
    file = parts["file"]
    with unit_of_work(current_access()) as session:
        return moves.add_file(
            session,
            current_actor(),
            number,
            file.read(),
            name=file.filename or "file",
            media_type=file.mimetype or "application/octet-stream",
        )


@blueprint.route("/cases/<number>/files/<sha256>", methods=["GET"])
@require(*READERS)
@blueprint.response(200, content_type="application/octet-stream")
def show_file(number: str, sha256: str) -> Any:
    """A file of a case, as it was stored."""
    with read_only(current_access()) as session:
        file = cases.file_of_case(session, number, sha256)
        if file is None:
            raise FileUnknown(sha256=sha256)
        content, name = file.content, file.name
    # Never shown in place: what somebody uploaded is not a page of ours.
    return send_file(
        io.BytesIO(content),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=name,
    )


@blueprint.route("/rapid-tests", methods=["GET"])
@require(*OFFICERS, Role.RISK_ANALYST)
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, RapidTestPage)
def list_rapid_tests(arguments: dict[str, Any]) -> dict[str, Any]:
    """Rapid tests, newest first."""
    statement = cases.rapid_tests()
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        return page(session, statement, key=(entity.id,), descending=True, **arguments)


@blueprint.route("/rapid-tests", methods=["POST"])
@require(*OFFICERS)
@blueprint.arguments(RapidTestIn)
@blueprint.response(201, RapidTestOut)
def record_rapid_test(body: dict[str, Any]) -> Any:
    """Keep the reading of a rapid test; it is no verdict."""
    with unit_of_work(current_access()) as session:
        return opening.record_rapid_test(session, current_actor(), **body)


@blueprint.route("/rapid-tests/<number>/case", methods=["POST"])
@require(*LEADERS)
@blueprint.arguments(RapidCaseIn)
@blueprint.response(201, CaseOut)
def sample_because(body: dict[str, Any], number: str) -> Any:
    """Open a case because of a rapid test."""
    with unit_of_work(current_access()) as session:
        case = opening.sample_because(session, current_actor(), number, **body)
        return _whole(session, case.no)


def _act(name: str) -> Act:
    try:
        return Act(name)
    except ValueError as error:
        raise ActUnknown(act=name) from error


def _checked_version(session: Session, number: str) -> int:
    """The version that the caller saw; the service compares it again under the row's lock."""
    version = cases.case_by_no(session, number).version
    etags.check(version)
    return version


def _whole(session: Session, number: str) -> dict[str, Any]:
    found = cases.case_dossier(session, number)
    etags.set(found.case.version)
    return {
        "case": found.case,
        "line": found.line,
        "enterprise_code": found.enterprise_code,
        "parties": found.parties,
        "objections": found.objections,
        "tests": found.tests,
        "clocks": found.clocks,
        "files": found.files,
        "proposal": found.proposal,
        "rapid_test": found.rapid_test,
        "actions": [one.value for one in moves.possible_acts(session, current_actor(), found.case)],
    }
