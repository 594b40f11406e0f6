"""Mass balances of enterprises, for staff and for the enterprise itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.schemas.balances import FirmAccountOut, FirmBalanceArgs
from core.actors import STAFF, Role
from core.clock import today
from core.unit_of_work import read_only
from traceability.errors import NoLedgerOfFirm
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
    actor = current_actor()
    if not actor.is_staff and actor.enterprise_id != enterprise_id:
        raise NoLedgerOfFirm(enterprise_id=enterprise_id)
    until = arguments["until"] or today()
    with read_only(current_access()) as session:
        return account_for_firm(
            session,
            enterprise_id,
            since=arguments["since"] or until - YEAR,
            until=until,
            as_of=arguments["as_of"],
        )
