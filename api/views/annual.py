"""What comes before a draw: papers, the row a plan carries out, contracts, notices."""

from __future__ import annotations

import secrets
from typing import Any

from api import etags
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.paging import page
from api.schemas.annual import (
    ContractArgs,
    ContractForm,
    ContractOut,
    ContractPage,
    EndIn,
    NoticeArgs,
    NoticeIn,
    NoticeOut,
    NoticePage,
    PaperArgs,
    PaperChangeIn,
    PaperIn,
    PaperOut,
    PaperPage,
    RowLinkIn,
    RowLinkOut,
    WhyIn,
)
from api.schemas.imports import UploadFile
from core.actors import STAFF, Role
from core.unit_of_work import read_only, unit_of_work
from sampling.queries import agencies as agency_queries
from sampling.queries import papers, plans
from sampling.service import agencies, annual

blueprint = Blueprint(
    "annual_api", __name__, url_prefix="/api/v1/sampling", description="Before the draw"
)

LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)


@blueprint.route("/papers", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(PaperArgs, location="query")
@blueprint.response(200, PaperPage)
def list_papers(arguments: dict[str, Any]) -> dict[str, Any]:
    """The newest edition of each item list, annual plan, scheme and rules."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = papers.papers_matching(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        return {**found, "items": papers.paper_views(found["items"], for_staff=True)}


@blueprint.route("/papers", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(PaperIn)
@blueprint.response(201, PaperOut)
def draft_paper(body: dict[str, Any]) -> Any:
    """Draft a paper; it is public once another person has approved it and it is published."""
    with unit_of_work(current_access()) as session:
        paper = annual.draft_paper(session, current_actor(), **body)
        etags.set(paper.version)
        (view,) = papers.paper_views([paper], for_staff=True)
    return view, 201, {"Location": f"/api/v1/sampling/papers/{view.no}"}


@blueprint.route("/papers/<no>", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, PaperOut)
def show_paper(no: str) -> Any:
    """The newest edition of a paper."""
    with read_only(current_access()) as session:
        paper = papers.newest_edition(session, no)
        etags.set(paper.version)
        return papers.paper_views([paper], for_staff=True)[0]


@blueprint.route("/papers/<no>", methods=["PUT"])
@require(*LEADS)
@blueprint.arguments(PaperChangeIn)
@blueprint.response(200, PaperOut)
def revise_paper(body: dict[str, Any], no: str) -> Any:
    """Change a draft; needs If-Match."""
    return _paper_step(no, lambda session, actor: annual.revise_paper(session, actor, no, **body))


@blueprint.route("/papers/<no>/approve", methods=["POST"])
@require(*LEADS)
@blueprint.response(200, PaperOut)
def approve_paper(no: str) -> Any:
    """Approve a draft that somebody else wrote; needs If-Match."""
    return _paper_step(no, lambda session, actor: annual.approve_paper(session, actor, no))


@blueprint.route("/papers/<no>/reopen", methods=["POST"])
@require(*LEADS)
@blueprint.response(200, PaperOut)
def reopen_paper(no: str) -> Any:
    """Make an approved edition a draft again; needs If-Match."""
    return _paper_step(no, lambda session, actor: annual.reopen_paper(session, actor, no))


@blueprint.route("/papers/<no>/publish", methods=["POST"])
@require(*LEADS)
@blueprint.response(200, PaperOut)
def publish_paper(no: str) -> Any:
    """Let everybody read an approved edition; needs If-Match."""
    return _paper_step(no, lambda session, actor: annual.publish_paper(session, actor, no))


@blueprint.route("/papers/<no>/amend", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(WhyIn)
@blueprint.response(200, PaperOut)
def amend_paper(body: dict[str, Any], no: str) -> Any:
    """Open the next edition of a published paper, with the reason; needs If-Match."""
    return _paper_step(no, lambda session, actor: annual.amend_paper(session, actor, no, **body))


def _paper_step(no: str, step: Any) -> Any:
    with unit_of_work(current_access()) as session:
        etags.check(papers.newest_edition(session, no).version)
        paper = step(session, current_actor())
        etags.set(paper.version)
        return papers.paper_views([paper], for_staff=True)[0]


@blueprint.route("/plans/<plan_no>/annual-row", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, RowLinkOut)
def show_row(plan_no: str) -> Any:
    """Which row of an annual plan a plan carries out."""
    with read_only(current_access()) as session:
        return _link(session, plan_no)


@blueprint.route("/plans/<plan_no>/annual-row", methods=["PUT"])
@require(*LEADS)
@blueprint.arguments(RowLinkIn)
@blueprint.response(200, RowLinkOut)
def name_row(body: dict[str, Any], plan_no: str) -> Any:
    """Say which row a draft carries out; needs If-Match with the plan's ETag."""
    with unit_of_work(current_access()) as session:
        etags.check(plans.plan_by_no(session, plan_no).version)
        annual.link_plan(session, current_actor(), plan_no, **body)
        return _link(session, plan_no)


def _link(session: Any, plan_no: str) -> dict[str, Any]:
    plan = plans.plan_by_no(session, plan_no)
    paper_no, row_key = papers.row_of_plan(session, plan_no) or (None, None)
    return {
        "paper_no": paper_no,
        "row_key": row_key,
        "is_listed": papers.is_listed(session, plan),
        "is_demanded": annual.is_listing_demanded(session),
    }


@blueprint.route("/contracts", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(ContractArgs, location="query")
@blueprint.response(200, ContractPage)
def list_contracts(arguments: dict[str, Any]) -> dict[str, Any]:
    """Contracts with agencies and laboratories, newest first."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = agency_queries.contracts_matching(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        return {**found, "items": agency_queries.contract_views(found["items"])}


@blueprint.route("/contracts", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(ContractForm, location="form")
@blueprint.arguments(UploadFile, location="files")
@blueprint.response(201, ContractOut)
def record_contract(body: dict[str, Any], parts: dict[str, Any]) -> Any:
    """Put a signed contract on record, with its file."""
    file = parts["file"]
    with unit_of_work(current_access()) as session:
        row = agencies.record_contract(
            session,
            current_actor(),
            **body,
            content=file.read(),
            file_name=file.filename or "contract",
            media_type=file.mimetype or "application/octet-stream",
        )
        etags.set(row.version)
        return agency_queries.contract_views([row])[0]


@blueprint.route("/contracts/<no>/end", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(EndIn)
@blueprint.response(200, ContractOut)
def end_contract(body: dict[str, Any], no: str) -> Any:
    """End a contract before its time; needs If-Match."""
    with unit_of_work(current_access()) as session:
        etags.check(agency_queries.contract_by_no(session, no).version)
        row = agencies.end_contract(session, current_actor(), no, **body)
        etags.set(row.version)
        return agency_queries.contract_views([row])[0]


@blueprint.route("/contracts/<no>", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, ContractOut)
def show_contract(no: str) -> Any:
    """One contract."""
    with read_only(current_access()) as session:
        row = agency_queries.contract_by_no(session, no)
        etags.set(row.version)
        return agency_queries.contract_views([row])[0]


@blueprint.route("/notices", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(NoticeArgs, location="query")
@blueprint.response(200, NoticePage)
def list_notices(arguments: dict[str, Any]) -> dict[str, Any]:
    """Notices, newest first."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = agency_queries.notices_matching(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        rows = agency_queries.with_plan_numbers(session, found["items"])
        return {**found, "items": agency_queries.notice_views(rows)}


@blueprint.route("/notices", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(NoticeIn)
@blueprint.response(201, NoticeOut)
def issue_notice(body: dict[str, Any]) -> Any:
    """Issue the notice for a drawn unit."""
    with unit_of_work(current_access()) as session:
        row = agencies.issue_notice(
            session, current_actor(), token=secrets.token_urlsafe(24), **body
        )
        etags.set(row.version)
        return agency_queries.notice_views([(row, body["plan_no"])])[0]


@blueprint.route("/notices/<no>/withdraw", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(WhyIn)
@blueprint.response(200, NoticeOut)
def withdraw_notice(body: dict[str, Any], no: str) -> Any:
    """Make a notice void; needs If-Match."""
    with unit_of_work(current_access()) as session:
        etags.check(agency_queries.notice_by_no(session, no).version)
        row = agencies.withdraw_notice(session, current_actor(), no, **body)
        etags.set(row.version)
        return agency_queries.notice_views(agency_queries.with_plan_numbers(session, [row]))[0]
