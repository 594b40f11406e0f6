"""Kill -9 around captures: rollback leaves nothing, proceed leaves what it told, all go on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.actors import SYSTEM
from core.unit_of_work import unit_of_work
from tests.crash.house import House, house, until, zhiheng
from tests.services.traceability.epcis import document, event
from traceability.service.capturing import PROCEED, ROLLBACK, take_document

pytestmark = pytest.mark.crash

EVENTS = 40_000
RECOVERED_WITHIN_S = 180.0

JOB = "SELECT running, success, position, stored, known, refused FROM epcis_capture"
KEPT = "SELECT count(*) FROM epcis_event WHERE capture_id = %s"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for the tests of this module; each must leave it working."""
    with house(tmp_path_factory.mktemp("captures") / "数据") as made:
        yield made


@pytest.fixture(autouse=True)
def _pointed_at(running: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", running.running.database_url)
    monkeypatch.setenv("REDIS_URL", running.running.redis_url)


def content(first: int, count: int = EVENTS) -> bytes:
    """A document of many events, the last but one with a fault."""
    # Written by hand: a number put into a text is faster than a million small dictionaries.
    mark = 777_777_777_777
    one = json.dumps(event(mark)).replace(str(mark), "%012d")
    bad = json.dumps(event(first, eventID="urn:x:bad", action="LOOK"))
    events = [one.replace("%012d", f"{n:012d}") for n in range(first, first + count)]
    events[-1:-1] = [bad]
    head = json.dumps(document())
    return head.replace('"eventList": []', '"eventList": [' + ",".join(events) + "]").encode()


def sound(first: int, count: int = EVENTS) -> bytes:
    """The same without the fault."""
    return content(first, count).replace(b'"LOOK"', b'"OBSERVE"')


def capture_by_job(body: bytes, behaviour: str) -> tuple[int, int]:
    """A capture that a job will carry out: its number and its message's."""
    with unit_of_work() as session:
        capture = take_document(session, SYSTEM, body, behaviour=behaviour)
        assert capture.message_id is not None
        return capture.id, capture.message_id


def test_a_worker_dies_while_it_captures_the_good_part(running: House) -> None:
    capture_id, _ = capture_by_job(content(0), PROCEED)
    job = f"{JOB} WHERE id = %s"
    until(lambda: running.ask(job, capture_id)[0][2], seconds=60, what="the first part")

    os.kill(running.pid("worker.run long"), signal.SIGKILL)

    # One look, so one moment: the job tells as many events as there are.
    told = running.ask(
        "SELECT position, stored, refused, running, (SELECT count(*) FROM epcis_event e"
        " WHERE e.capture_id = c.id) FROM epcis_capture c WHERE id = %s",
        capture_id,
    )[0]
    position, stored, refused, is_running, kept = told
    assert is_running
    assert 0 < int(str(kept)) < EVENTS
    assert kept == stored
    assert (position, refused) == (stored, 0)

    until(
        lambda: not running.ask(job, capture_id)[0][0],
        seconds=RECOVERED_WITHIN_S,
        what="another worker",
    )
    assert running.ask(job, capture_id) == [(False, False, EVENTS + 1, EVENTS, 0, 1)]
    assert running.ask(KEPT, capture_id) == [(EVENTS,)]
    twice = "SELECT count(*) - count(DISTINCT event_id) FROM epcis_item"
    assert running.ask(twice) == [(0,)]


def test_a_worker_dies_while_it_captures_all_or_nothing(running: House) -> None:
    capture_id, message_id = capture_by_job(sound(1_000_000), ROLLBACK)
    done = "SELECT progress_done FROM job_run WHERE message_id = %s AND state = 'running'"
    until(
        lambda: [row for row in running.ask(done, message_id) if row[0]],
        seconds=60,
        what="the first part",
    )

    os.kill(running.pid("worker.run long"), signal.SIGKILL)

    job = f"{JOB} WHERE id = %s"
    assert running.ask(job, capture_id) == [(True, False, 0, 0, 0, 0)]
    assert running.ask(KEPT, capture_id) == [(0,)]
    things = "SELECT count(*) FROM epcis_identifier WHERE lot LIKE 'L0000010%%'"
    assert running.ask(things) == [(0,)]

    until(
        lambda: not running.ask(job, capture_id)[0][0],
        seconds=RECOVERED_WITHIN_S,
        what="another worker",
    )
    # The bad event's fault was mended, and it has no twin: it is stored under its own name.
    assert running.ask(job, capture_id) == [(False, True, EVENTS + 1, EVENTS + 1, 0, 0)]
    assert running.ask(KEPT, capture_id) == [(EVENTS + 1,)]


def test_an_import_that_was_killed_goes_on(running: House, tmp_path: Path) -> None:
    file = tmp_path / "事件.jsonld"
    file.write_bytes(content(2_000_000))
    job = f"{JOB} WHERE document_size = %s"
    size = file.stat().st_size

    first = zhiheng(running.home, "import", "epcis", str(file), "--good-rows-only")
    until(
        lambda: [row for row in running.ask(job, size) if row[2]],
        seconds=60,
        what="the first part",
    )
    first.kill()
    first.communicate(timeout=30)
    second = zhiheng(running.home, "import", "epcis", str(file), "--good-rows-only")
    output, errors = second.communicate(timeout=180)

    assert second.returncode == 0, output + errors
    assert "event 39999 /action" in output
    assert running.ask(job, size) == [(False, False, EVENTS + 1, EVENTS, 0, 1)]
