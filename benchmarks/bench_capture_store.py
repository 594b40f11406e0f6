"""Capturing EPCIS events into PostgreSQL: read, validated, hashed, stored once; one worker.

    python benchmarks/bench_capture_store.py [--database URL] [--events 60000] [--rows 1500]

Part 2 of bench_capture.py, with its events. A database is made on the server given, or on a private
one, and dropped.
The product's way (portions by COPY through a staging table, commit by commit) is compared with
the ways one writes first: a row at a time, and the ORM. Beside the clock stands the processor time
of this process and of the server's, for the clock of a shared machine tells little.
"""

from __future__ import annotations

import argparse
import functools
import gc
import io
import os
import platform
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

import orjson
from _database import database
from bench_capture import events as made_events
from sqlalchemy import create_engine, insert, text
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from core.actors import SYSTEM
from core.clock import now
from core.unit_of_work import unit_of_work
from traceability.maths.epcis.contexts import EPCIS_CONTEXT
from traceability.maths.epcis.event import CapturedEvent
from traceability.maths.epcis.reading import read_events
from traceability.models.epcis import (
    EpcisDocument,
    EpcisEvent,
    EpcisIdentifier,
    EpcisItem,
    EpcisParty,
    EpcisTransaction,
)
from traceability.recording.copying import EPOCH
from traceability.recording.documents import deflate
from traceability.recording.parts import event_id_of, named_by
from traceability.service import capturing


def document(count: int, *, first: int = 0) -> bytes:
    """A document of events; ``first`` makes others of them."""
    dice = random.Random(first)
    found = []
    for event in made_events(count):
        event["eventID"] = f"urn:uuid:{dice.getrandbits(128):032x}"
        event["eventTime"] = event["eventTime"].replace("2026-", f"{2001 + first}-", 1)
        found.append(event)
    head = {
        "@context": [EPCIS_CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-01-01T00:00:00Z",
        "epcisBody": {"eventList": found},
    }
    return orjson.dumps(head)


@dataclass
class Cost:
    """Seconds of the clock, of this process, of the server's."""

    clock: float
    own: float
    server: float


def server_cpu(session: Session) -> float:
    """Processor seconds of the server's process, where it is on this machine."""
    pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(task: Callable[[], Any]) -> Cost:
    """Run once. The pool hands out one connection, so there is one server process."""
    gc.collect()
    with unit_of_work() as session:
        server = server_cpu(session)
    clock, own = time.perf_counter(), time.process_time()
    task()
    clock, own = time.perf_counter() - clock, time.process_time() - own
    with unit_of_work() as session:
        server = server_cpu(session) - server
    return Cost(clock, own, server)


def by_the_product(content: bytes) -> None:
    """As a job captures a large document, or the import command a file."""
    with unit_of_work() as session:
        capture = capturing.begin(
            session, SYSTEM, behaviour=capturing.PROCEED, sha256="", size=len(content)
        )
    journal = capturing.journal_of(capture)
    with capturing.collector_paused():
        for part in capturing.parts(capturing.read(io.BytesIO(content))):
            with unit_of_work() as session:
                capturing.store_next(session, capture.id, part, journal)
    with unit_of_work() as session:
        capturing.finish(capturing.capture_of(session, capture.id))


def values_of(event: CapturedEvent) -> dict[str, Any]:
    """Columns of an event."""
    from datetime import timedelta

    return {
        "hash": event.hash,
        "declaration_hash": event.declaration_hash,
        "event_id": event_id_of(event),
        "event_time": EPOCH + timedelta(microseconds=event.event_time),
        "offset": event.offset,
        "type": event.type.value,
        "action": event.action,
        "biz_step": event.biz_step,
        "disposition": event.disposition,
        "transformation_id": event.transformation_id,
        "capture_id": 0,
        "recorded_at": now(),
    }


def parts_of(
    event: CapturedEvent, number: int, ids: dict[str, int]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Rows beside the event's."""
    yield EpcisDocument, {"event_id": number, "content": deflate(event.document)}
    for place, item in enumerate(event.items):
        yield (
            EpcisItem,
            {
                "event_id": number,
                "position": place,
                "role": item.role.value,
                "identifier_id": ids[item.identifier.key],
                "quantity": item.quantity,
                "unit": item.unit,
            },
        )
    for place, (role, (kind, party)) in enumerate(
        [("source", each) for each in event.sources]
        + [("destination", each) for each in event.destinations]
    ):
        yield (
            EpcisParty,
            {
                "event_id": number,
                "position": place,
                "role": role,
                "type": kind,
                "identifier_id": ids[party.key],
            },
        )
    for place, (kind, name) in enumerate(event.transactions):
        yield (
            EpcisTransaction,
            {"event_id": number, "position": place, "type": kind, "identifier": name},
        )


def row_by_row(session: Session, events: list[CapturedEvent], ids: dict[str, int]) -> None:
    """One INSERT for each row, nothing twice."""
    for event in events:
        for each in named_by(event):
            if each.key not in ids:
                ids[each.key] = session.execute(
                    pg_insert(EpcisIdentifier)
                    .values(
                        key=each.key,
                        kind=each.kind.value,
                        gtin=each.gtin,
                        lot=each.lot,
                        serial=each.serial,
                        given=each.given,
                    )
                    .on_conflict_do_nothing()
                    .returning(EpcisIdentifier.id)
                ).scalar_one()
        number = session.execute(
            pg_insert(EpcisEvent)
            .values(**values_of(event))
            .on_conflict_do_nothing()
            .returning(EpcisEvent.id)
        ).scalar_one()
        for model, values in parts_of(event, number, ids):
            session.execute(insert(model).values(**values))


def by_orm(session: Session, events: list[CapturedEvent], ids: dict[str, int]) -> None:
    """Objects, flushed together."""
    new = {each.key: each for event in events for each in named_by(event) if each.key not in ids}
    identifiers = [
        EpcisIdentifier(
            key=each.key,
            kind=each.kind.value,
            gtin=each.gtin,
            lot=each.lot,
            serial=each.serial,
            given=each.given,
        )
        for each in new.values()
    ]
    rows = [EpcisEvent(**values_of(event)) for event in events]
    session.add_all([*identifiers, *rows])
    session.flush()
    ids.update((each.key, each.id) for each in identifiers)
    for row, event in zip(rows, events, strict=True):
        session.add_all([model(**values) for model, values in parts_of(event, row.id, ids)])
    session.flush()


def show(name: str, count: int, cost: Cost) -> None:
    """One line."""
    total = cost.own + cost.server
    print(
        f"{name:<46} {count:>8,} events  {count / cost.clock:>9,.0f}/s clock"
        f"  {count / total:>9,.0f}/s processor"
        f"  (own {cost.own / count * 1e6:5.1f} µs, server {cost.server / count * 1e6:5.1f} µs)"
    )


def run(options: argparse.Namespace) -> None:
    """Every way, one after another, in one database."""
    content = document(options.events)
    print(f"{len(content) / options.events:.0f} bytes an event")
    gc.freeze()
    show("product: fresh events", options.events, measured(lambda: by_the_product(content)))
    show("product: delivered again", options.events, measured(lambda: by_the_product(content)))
    for name, way, each in (
        ("ORM, one flush, one commit", by_orm, False),
        ("row by row, one commit", row_by_row, False),
        ("row by row, a commit for each event", row_by_row, True),
    ):
        other = document(options.rows, first=len(name))
        task = functools.partial(otherwise, other, way, known_identifiers(), each)
        show(name, options.rows, measured(task))


def known_identifiers() -> dict[str, int]:
    """The dictionary as it stands: the other ways are spared the asking."""
    with unit_of_work() as session:
        rows = session.execute(text("SELECT key, id FROM epcis_identifier"))
        return {row.key: row.id for row in rows}


def otherwise(content: bytes, way: Any, ids: dict[str, int], commits: bool) -> None:
    """Read the same way, store another."""
    events = list(read_events(content).events)
    for some in [[one] for one in events] if commits else [events]:
        with unit_of_work() as session:
            way(session, some, ids)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="a PostgreSQL server; default: a private one")
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--rows", type=int, default=1_500)
    options = parser.parse_args()
    with database(options.database) as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            version = connection.execute(text("SHOW server_version")).scalar_one()
            fsync = connection.execute(text("SHOW fsync")).scalar_one()
        engine.dispose()
        print(
            f"Python {platform.python_version()}, PostgreSQL {version} (fsync {fsync}), "
            f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
        )
        run(options)


if __name__ == "__main__":
    main()
