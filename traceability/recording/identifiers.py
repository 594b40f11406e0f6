"""The dictionary of identifiers: one number for one thing, whatever the writing."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.maths.epcis.event import Identifier
from traceability.recording.copying import cell, copy_lines

COLUMNS = ("id", "key", "kind", "gtin", "lot", "serial", "given")

# Between keys in one text: the driver writes out a list item by item, a text as it is.
SEPARATOR = "\x1f"

# Adding takes turns, so that what is missing can be copied in without looking twice.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('zhiheng.epcis-identifiers'))")
_KNOWN = text(
    "SELECT key, id FROM epcis_identifier WHERE key = ANY(string_to_array(:keys, :separator))"
)
_NUMBERS = text(
    "SELECT array_agg(nextval('epcis_identifier_id_seq')) FROM generate_series(1, :count)"
)


def identifier_ids(session: Session, identifiers: Iterable[Identifier]) -> dict[str, int]:
    """The number of each identifier by its key; new ones are added.

    Whoever adds at the same time waits, so one key has one number. Only the owner of the tables
    may add.
    """
    wanted = {each.key: each for each in identifiers}
    session.execute(_LOCK)
    found = _look_up(session, list(wanted))
    missing = [each for key, each in wanted.items() if key not in found]
    if not missing:
        return found
    numbers: list[int] = session.execute(_NUMBERS, {"count": len(missing)}).scalar_one()
    copy_lines(
        session,
        "epcis_identifier",
        COLUMNS,
        [_line(number, each) for number, each in zip(numbers, missing, strict=True)],
    )
    found.update(zip([each.key for each in missing], numbers, strict=True))
    return found


def _look_up(session: Session, keys: list[str]) -> dict[str, int]:
    joined = SEPARATOR.join(keys)
    if joined.count(SEPARATOR) >= max(len(keys), 1):
        raise ValueError("a key holds the character U+001F")
    facts = {"keys": joined, "separator": SEPARATOR}
    return {row.key: row.id for row in session.execute(_KNOWN, facts)}


def _line(number: int, each: Identifier) -> str:
    return "\t".join(
        (
            str(number),
            cell(each.key),
            each.kind,
            cell(each.gtin),
            cell(each.lot),
            cell(each.serial),
            cell(each.given),
        )
    )
