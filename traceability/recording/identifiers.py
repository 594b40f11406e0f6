"""The dictionary of identifiers: one number for one thing, whatever the writing."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.maths.epcis.event import Identifier
from traceability.recording.copying import cell, copy_lines

COLUMNS = ("id", "key", "kind", "gtin", "lot", "serial", "given")

_KNOWN = text("SELECT key, id FROM epcis_identifier WHERE key = ANY(:keys)")
_NUMBERS = text(
    "SELECT array_agg(nextval('epcis_identifier_id_seq')) FROM generate_series(1, :count)"
)
_STAGE = text(
    "CREATE TEMPORARY TABLE IF NOT EXISTS staged_identifier"
    " (id bigint, key text, kind text, gtin text, lot text, serial text, given text)"
    " ON COMMIT DELETE ROWS"
)
_ADD = text(
    "INSERT INTO epcis_identifier (id, key, kind, gtin, lot, serial, given)"
    " SELECT id, key, kind, gtin, lot, serial, given FROM staged_identifier"
    " ON CONFLICT (key) DO NOTHING"
)


def identifier_ids(session: Session, identifiers: Iterable[Identifier]) -> dict[str, int]:
    """The number of each identifier by its key; new ones are added.

    Whoever adds at the same time, one key has one number: what another transaction added first
    is looked up again.
    """
    wanted = {each.key: each for each in identifiers}
    found: dict[str, int] = _look_up(session, list(wanted))
    missing = [each for key, each in wanted.items() if key not in found]
    if not missing:
        return found
    session.execute(_STAGE)
    session.execute(text("TRUNCATE staged_identifier"))
    numbers: list[int] = session.execute(_NUMBERS, {"count": len(missing)}).scalar_one()
    copy_lines(
        session,
        "staged_identifier",
        COLUMNS,
        [_line(number, each) for number, each in zip(numbers, missing, strict=True)],
    )
    added = session.execute(_ADD).rowcount  # type: ignore[attr-defined]
    if added == len(missing):
        found.update(zip([each.key for each in missing], numbers, strict=True))
    else:
        found.update(_look_up(session, [each.key for each in missing]))
    return found


def _look_up(session: Session, keys: list[str]) -> dict[str, int]:
    return {row.key: row.id for row in session.execute(_KNOWN, {"keys": keys})}


def _line(number: int, each: Identifier) -> str:
    return "\t".join(
        (
            str(number),
            cell(each.key),
            each.kind.value,
            cell(each.gtin),
            cell(each.lot),
            cell(each.serial),
            cell(each.given),
        )
    )
