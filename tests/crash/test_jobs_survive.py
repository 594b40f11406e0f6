"""Kill -9 around real jobs: nothing is lost, and nothing happens twice."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.actors import SYSTEM
from core.clock import now, today
from core.db import copy_rows
from core.outbox import add
from core.unit_of_work import unit_of_work
from registry.models import Enterprise
from sampling.service.planning import create_plan
from sampling.service.steps import request_freeze
from tests import factories
from tests.crash.house import House, get, house, parent_of, processes_of, until, zhiheng
from worker.probe import ProbeSent

pytestmark = pytest.mark.crash

RECOVERED_WITHIN_S = 60.0

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for the tests of this module; each must leave it working."""
    with house(tmp_path_factory.mktemp("crash") / "a b" / "数据") as made:
        yield made


@pytest.fixture(autouse=True)
def _pointed_at(running: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", running.running.database_url)
    monkeypatch.setenv("REDIS_URL", running.running.redis_url)


def send(count: int = 1, *, work_s: float = 0.0, linger_s: float = 0.0) -> list[str]:
    """Commit probes, each in a transaction of its own; returns their names."""
    names = [f"probe-{next(_numbers)}" for _ in range(count)]
    for name in names:
        with unit_of_work() as session:
            add(session, ProbeSent(name, work_s, linger_s))
    return names


def assert_each_once(house: House, names: list[str], *, seconds: float) -> float:
    """Wait until every probe is answered and every job has ended; returns the seconds it took."""
    began = time.monotonic()
    until(lambda: len(house.answers(names)) == len(names), seconds=seconds, what="all answers")
    took_s = time.monotonic() - began
    until(lambda: not open_runs(house), seconds=seconds, what="all jobs to end")
    assert house.answers(names) == dict.fromkeys(names, 1)
    return took_s


def open_runs(house: House) -> int:
    """Jobs that are not finished."""
    ((count,),) = house.ask(
        "SELECT count(*) FROM job_run WHERE state IN ('waiting', 'sent', 'running')"
    )
    return int(str(count))


def test_the_relay_dies_between_the_commit_and_the_queue(running: House) -> None:
    relay = running.pid("worker.relay")
    os.kill(relay, signal.SIGSTOP)  # from here on it sees nothing
    names = send(6)
    assert running.answers(names) == {}

    os.kill(relay, signal.SIGKILL)

    assert_each_once(running, names, seconds=RECOVERED_WITHIN_S)


def test_the_relay_dies_again_and_again_in_the_middle_of_its_work(running: House) -> None:
    chance = random.Random(20261124)
    names = []
    for _ in range(3):  # each death lengthens the pause before the next start
        names += send(6)
        time.sleep(chance.uniform(0.0, 0.4))
        os.kill(running.pid("worker.relay"), signal.SIGKILL)

    assert_each_once(running, names, seconds=RECOVERED_WITHIN_S)


def test_a_worker_dies_in_the_middle_of_a_job(running: House) -> None:
    names = send(work_s=3.0)
    horse = running.horse()
    until(lambda: running.state_of(names[0]) == "running", what="the job to begin")

    os.kill(running.pid("worker.run quick"), signal.SIGKILL)

    until(lambda: not Path(f"/proc/{horse}").exists(), seconds=5, what="the horse's end")
    assert running.answers(names) == {}
    assert_each_once(running, names, seconds=RECOVERED_WITHIN_S)


def test_a_worker_dies_after_the_effect_and_before_the_end(running: House) -> None:
    names = send(linger_s=20.0)
    until(lambda: running.answers(names), what="the effect")

    os.kill(running.horse(), signal.SIGKILL)
    os.kill(running.pid("worker.run quick"), signal.SIGKILL)

    later = send()  # the queue works again, and the first effect is still alone
    assert_each_once(running, names + later, seconds=RECOVERED_WITHIN_S)


def test_redis_is_killed_and_emptied_with_work_in_its_queue(running: House) -> None:
    names = send(work_s=2.0) + send(8)
    until(lambda: running.state_of(names[0]) == "running", what="the first job to begin")
    until(lambda: running.state_of(names[-1]) == "sent", what="the last job to be queued")

    os.kill(running.pid("redis-server"), signal.SIGKILL)
    shutil.rmtree(running.home / "redis", ignore_errors=True)

    assert_each_once(running, names, seconds=RECOVERED_WITHIN_S)


def test_postgresql_is_killed_under_running_jobs(running: House) -> None:
    names = send(work_s=2.0) + send(5)
    until(lambda: running.state_of(names[0]) == "running", what="the first job to begin")

    os.kill(running.pid("/postgres -D"), signal.SIGKILL)

    assert_each_once(running, names, seconds=RECOVERED_WITHIN_S)


def test_postgresql_is_killed_during_an_import(running: House, tmp_path: Path) -> None:
    rows = 30_000
    roster = tmp_path / "名录.csv"
    roster.write_text(
        "code,code_scheme,name\n"
        + "".join(f"KILL{number:06},licence,第{number}号企业\n" for number in range(rows)),
        encoding="utf-8",
    )
    stored = "SELECT count(*) FROM enterprise WHERE code LIKE 'KILL%%'"

    first = zhiheng(running.home, "import", "roster", str(roster))
    until(lambda: writes_to_enterprise(running), what="the import to write")
    os.kill(running.pid("/postgres -D"), signal.SIGKILL)
    _, errors = first.communicate(timeout=60)

    assert first.returncode != 0
    assert "Traceback" not in errors
    assert running.ask(stored) == [(0,)]

    second = zhiheng(running.home, "import", "roster", str(roster))
    output, errors = second.communicate(timeout=120)

    assert second.returncode == 0, output + errors
    assert running.ask(stored) == [(rows,)]


def writes_to_enterprise(house: House) -> bool:
    """True while some session holds the lock that writing the register takes."""
    return bool(
        house.ask(
            "SELECT 1 FROM pg_locks JOIN pg_class ON pg_class.oid = relation"
            " WHERE relname = 'enterprise' AND mode = 'RowExclusiveLock'"
        )
    )


def test_a_web_that_dies_is_replaced_and_no_request_is_refused(running: House) -> None:
    before = running.pid("gunicorn")
    serving = [pid for pid in processes_of(running.home) if parent_of(pid) == before]
    assert len(serving) == 2

    os.kill(before, signal.SIGKILL)
    until(lambda: not set(serving) & set(processes_of(running.home)), seconds=5, what="their end")

    # The starter holds the listening socket: the request waits until somebody answers.
    assert get(f"{running.address}healthz") == 200
    assert running.pid("gunicorn") != before


def test_commands_find_what_runs_in_their_folder(running: House) -> None:
    command = zhiheng(running.home, "selfcheck")
    output, errors = command.communicate(timeout=60)

    assert command.returncode == 0, errors
    assert output.startswith("answered in ")


def test_a_worker_dies_in_the_middle_of_freezing_a_large_roster(running: House) -> None:
    plan_no = draft_over(400_000)
    with unit_of_work() as session:
        first = request_freeze(session, SYSTEM, plan_no, software="crash")
        assert request_freeze(session, SYSTEM, plan_no, software="crash") == first
    stage = "SELECT stage FROM job_run WHERE message_id = %s AND state = 'running' AND stage <> ''"
    until(lambda: running.ask(stage, first), seconds=120, what="the job to tell its progress")

    os.kill(running.pid("worker.run long"), signal.SIGKILL)

    kept = "SELECT count(*), sum(size) FROM frame_block b JOIN plan p ON p.id = plan_id"
    state = "SELECT state, error FROM job_run WHERE message_id = %s"
    assert running.ask(kept + " WHERE no = %s", plan_no) == [(0, None)]
    until(
        lambda: running.ask(state, first) == [("done", None)],
        seconds=RECOVERED_WITHIN_S + 120,
        what="another worker",
    )
    assert running.ask(kept + " WHERE no = %s", plan_no) == [(7, 400_000)]
    committed = "SELECT body->>'no' FROM journal_entry WHERE kind = 'plan.committed'"
    assert running.ask(committed) == [(plan_no,)]


def draft_over(count: int) -> str:
    """A register of so many enterprises and a draft over it; returns the plan's number."""
    at = now()
    with unit_of_work() as session:
        copy_rows(
            session,
            Enterprise,
            (
                *("code_scheme", "code", "name", "status", "grade"),
                *("code_warnings", "created_at", "updated_at"),
            ),
            (
                ("uscc", f"91370{n:013}", f"第{n}号企业", "active", "A", [], at, at)
                for n in range(count)
            ),
        )
        for _ in range(4):
            factories.person(session)
        plan = create_plan(
            session,
            SYSTEM,
            title="大名录",
            strata_by="grade",
            strata=[{"key": "A", "quota": 10}],
            visit_on=today(),
            sources=[
                {"kind": "dice", "count": 50},
                {
                    "kind": "text",
                    "name": "福彩双色球",
                    "due_at": (at + timedelta(days=1)).isoformat(),
                },
            ],
            team={"qualification": "none", "region": False},
        )
        return plan.no
