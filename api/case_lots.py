"""From a sample to the lot it was taken from: where two domains meet, which do not know each other.

A case names a lot as it stands on the package; ledgers know lots of products. The stated producer
tells apart what several products share.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from registry.queries import enterprise_by_id
from traceability.errors import LotNotNamed, LotUnknown
from traceability.maths.answer import LotView
from traceability.queries.ledger import lot_by_number


def lot_of_case(session: Session, case: Any) -> LotView:
    """The lot that a sampling case is about.

    Looked for among the products of the stated producer, then of the sampled unit, then of all.

    Raises
    ------
    LotNotNamed
        The case names no lot.
    LotUnknown, LotAmbiguous
        No ledger knows it, or several products have it.
    """
    if not case.lot_no:
        raise LotNotNamed(number=case.no)
    for enterprise_id in dict.fromkeys([case.producer_id, case.enterprise_id]):
        if enterprise_id is None:
            continue
        maker = enterprise_by_id(session, enterprise_id)
        try:
            return lot_by_number(session, case.lot_no, maker_code=maker.code)
        except LotUnknown:
            continue
    return lot_by_number(session, case.lot_no)
