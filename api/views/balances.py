"""Mass balances and ledger templates, for staff and for the enterprise itself."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from flask import Response, send_file
from flask_babel import gettext

from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.ledgersheets import ledger_template
from api.schemas.balances import FirmAccountOut, FirmBalanceArgs
from api.tracesheets import XLSX
from core.actors import STAFF, Role
from core.clock import today
from core.unit_of_work import read_only
from registry.queries import enterprise_by_id
from traceability.errors import NoLedgerOfFirm
from traceability.queries.own_goods import own_goods
from traceability.service.balancing import account_for_firm

blueprint = Blueprint(
    "balances", __name__, url_prefix="/api/v1", description="Mass balances of enterprises"
)

YEAR = timedelta(days=365)


@blueprint.route("/enterprises/<int:enterprise_id>/balance", methods=["GET"])
@require(Role.ENTERPRISE, *STAFF)
@blueprint.arguments(FirmBalanceArgs, location="query")
@blueprint.response(200, FirmAccountOut)
def show(arguments: dict[str, Any], enterprise_id: int) -> Any:
    """What came to an enterprise, what left it, and what nobody can say; completeness included."""
    _own_or_staff(enterprise_id)
    until = arguments["until"] or today()
    with read_only(current_access()) as session:
        return account_for_firm(
            session,
            enterprise_id,
            since=arguments["since"] or until - YEAR,
            until=until,
            as_of=arguments["as_of"],
        )


@blueprint.route("/enterprises/<int:enterprise_id>/ledger-template.xlsx", methods=["GET"])
@require(Role.ENTERPRISE, *STAFF)
@blueprint.response(200, content_type=XLSX)
def template(enterprise_id: int) -> Response:
    """A ledger to fill in, with the enterprise's products, lots and partners to choose from."""
    _own_or_staff(enterprise_id)
    with read_only(current_access()) as session:
        row = enterprise_by_id(session, enterprise_id)
        content = ledger_template(row.code, row.name, own_goods(session, enterprise_id), gettext)
    return send_file(
        io.BytesIO(content), mimetype=XLSX, as_attachment=True, download_name="ledger.xlsx"
    )


def _own_or_staff(enterprise_id: int) -> None:
    actor = current_actor()
    if not actor.is_staff and actor.enterprise_id != enterprise_id:
        raise NoLedgerOfFirm(enterprise_id=enterprise_id)
