"""Annual plans, tasks and results for everybody: paged, filtered, as CSV, with ETags."""

from __future__ import annotations

from typing import Any

from flask import Response, after_this_request, request
from werkzeug.wrappers import Response as BaseResponse

from api import published_files
from api.auth import public
from api.blueprints import Blueprint
from api.paging import PageArgs, page
from api.schemas.annual import (
    AnnualArgs,
    AnnualFileArgs,
    PaperArgs,
    PublicPaperPage,
    PublicPlanOut,
)
from api.schemas.publication import (
    PublicRecordOut,
    PublicRecordPage,
    PublicTaskPage,
    ResultArgs,
    ResultFileArgs,
)
from core.unit_of_work import PUBLIC_ACCESS, read_only
from core.workbooks import write_csv
from sampling.queries import announced, disclosed, papers

blueprint = Blueprint(
    "public_results", __name__, url_prefix="/api/v1/public", description="What is published"
)

MOST_ROWS = 100_000


@blueprint.route("/papers", methods=["GET"])
@public
@blueprint.arguments(PaperArgs, location="query")
@blueprint.response(200, PublicPaperPage)
def list_papers(arguments: dict[str, Any]) -> dict[str, Any]:
    """Item lists, annual plans, schemes and rules in force, newest first."""
    return _papers(arguments)


@blueprint.route("/annual-plans", methods=["GET"])
@public
@blueprint.arguments(AnnualArgs, location="query")
@blueprint.response(200, PublicPaperPage)
def list_annual_plans(arguments: dict[str, Any]) -> dict[str, Any]:
    """Annual plans in force, newest first."""
    return _papers({**arguments, "kind": "annual_plan"})


def _papers(arguments: dict[str, Any]) -> dict[str, Any]:
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = papers.published_papers(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(PUBLIC_ACCESS) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
    after_this_request(_conditional)
    return {**found, "items": papers.paper_views(found["items"], for_staff=False)}


@blueprint.route("/annual-plans.csv", methods=["GET"])
@public
@blueprint.arguments(AnnualFileArgs, location="query")
@blueprint.response(200, content_type="text/csv")
def annual_plans_file(arguments: dict[str, Any]) -> Any:
    """The rows of the annual plans in force."""
    statement = papers.published_papers(kind="annual_plan", **arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(PUBLIC_ACCESS) as session:
        rows = list(session.execute(statement.order_by(entity.id)).scalars())
    views = papers.paper_views(rows, for_staff=False)
    return _csv("annual-plans", published_files.annual_table(views))


@blueprint.route("/papers/<no>", methods=["GET"])
@blueprint.route("/annual-plans/<no>", methods=["GET"])
@public
@blueprint.response(200, PublicPlanOut)
def show_paper(no: str) -> Any:
    """A paper with every published edition, what each changed, and how far its rows are."""
    with read_only(PUBLIC_ACCESS) as session:
        editions = papers.editions(session, no, only_public=True)
        paper = editions[0].paper
        progress = papers.progress(session, paper) if paper.kind == "annual_plan" else []
    after_this_request(_conditional)
    return {"paper": paper, "progress": progress, "editions": editions}


@blueprint.route("/tasks", methods=["GET"])
@public
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, PublicTaskPage)
def list_tasks(arguments: dict[str, Any]) -> dict[str, Any]:
    """Committed and drawn plans, newest first; void ones stay, with their reason."""
    statement = disclosed.published_plans()
    entity = statement.column_descriptions[0]["entity"]
    with read_only(PUBLIC_ACCESS) as session:
        found = page(session, statement, key=(entity.id,), descending=True, **arguments)
        items = announced.public_tasks(session, found["items"])
    after_this_request(_conditional)
    return {**found, "items": items}


@blueprint.route("/tasks.csv", methods=["GET"])
@public
@blueprint.response(200, content_type="text/csv")
def tasks_file() -> Any:
    """The same as a file."""
    statement = disclosed.published_plans()
    entity = statement.column_descriptions[0]["entity"]
    with read_only(PUBLIC_ACCESS) as session:
        rows = list(session.execute(statement.order_by(entity.id).limit(MOST_ROWS)).scalars())
        tasks = announced.public_tasks(session, rows)
    return _csv("tasks", published_files.tasks_table(tasks))


@blueprint.route("/results", methods=["GET"])
@public
@blueprint.arguments(ResultArgs, location="query")
@blueprint.response(200, PublicRecordPage)
def list_results(arguments: dict[str, Any]) -> dict[str, Any]:
    """Published results, newest first, never ranked; withdrawn ones stay and say so."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = announced.published_records(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(PUBLIC_ACCESS) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        items = announced.public_records(session, found["items"])
    after_this_request(_conditional)
    return {**found, "items": items}


@blueprint.route("/results.csv", methods=["GET"])
@public
@blueprint.arguments(ResultFileArgs, location="query")
@blueprint.response(200, content_type="text/csv")
def results_file(arguments: dict[str, Any]) -> Any:
    """Results of one kind; ``style`` names the columns as a province's notices do."""
    style = arguments.pop("style")
    statement = announced.published_records(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(PUBLIC_ACCESS) as session:
        rows = list(session.execute(statement.order_by(entity.id).limit(MOST_ROWS)).scalars())
        records = announced.public_records(session, rows)
    table = published_files.results_table(records, kind=arguments["kind"], style=style)
    return _csv(f"results-{arguments['kind']}", table)


@blueprint.route("/results/<no>", methods=["GET"])
@public
@blueprint.response(200, PublicRecordOut)
def show_result(no: str) -> Any:
    """One published result."""
    with read_only(PUBLIC_ACCESS) as session:
        found = announced.public_record(session, no)
    after_this_request(_conditional)
    return found


def _csv(name: str, table: published_files.Table) -> BaseResponse:
    response = Response(write_csv(*table), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return _conditional(response)


def _conditional(response: Response) -> BaseResponse:
    """Answer 304 to who has it already."""
    if response.status_code == 200:
        response.add_etag()
        return response.make_conditional(request)
    return response
