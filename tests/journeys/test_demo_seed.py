"""The demo is seeded, killed in the middle, finished, and tells its story to the end."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from core import meta
from core.actors import SYSTEM, Role
from core.clock import today
from core.config import settings
from core.db import connect
from core.imports import run
from core.unit_of_work import read_only, unit_of_work
from recall.queries.files import latest_scope, lines, recall_file, recall_row
from recall.queries.publications import public_recall
from registry import queries as registry
from registry import service
from registry.imports import INSPECTORS, ROSTER
from risk.queries.signals import open_signals, signal_detail
from runtime.demo import acts, cases, fieldwork, lots, papers, publicity, seed, story, supervision
from runtime.demo.accounts import actor
from runtime.demo.catalogue import CHARGER
from runtime.demo.city import SEED, City, build_city
from runtime.demo.samples import samples
from runtime.verify import verify
from sampling.maths.bundle import packed
from sampling.queries import log as draw_log
from sampling.queries.acceptance import series_by_no
from sampling.queries.papers import newest_edition, row_of_plan
from sampling.queries.plans import plan_by_no, plan_detail
from sampling.queries.procedure import case_by_no, case_dossier
from sampling.queries.publication import record_by_no as publication_record
from sampling.queries.records import record_by_no
from sampling.queries.seats import seat_change_views
from sampling.queries.units import drawn_statement, drawn_views
from sampling.queries.work import tasks_of
from sampling.service.parts import sealed_bundle
from traceability.queries.ledger import lot_by_number
from traceability.service.tracing import trace

ROOT = Path(__file__).parents[2]
_numbers = itertools.count(1)

KILLED_IN_THE_LEDGER = """
import os, signal
from runtime.demo.seed import seed
def progress(stage, done, total):
    if stage == "flow ledger" and done >= 20000:
        os.kill(os.getpid(), signal.SIGKILL)
seed(progress)
"""


def silent(stage: str, done: int, total: int) -> None:
    """Listen to nothing."""


def _sql(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="module")
def demo(servers: Any, template: str) -> Iterator[SimpleNamespace]:
    """A database whose seeding was killed in the middle of the ledger and then finished."""
    name = f"zhiheng_test_{os.getpid()}_demo_{next(_numbers)}"
    _sql(servers.database_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    url = servers.database(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("REDIS_URL", servers.redis_url)
        with unit_of_work() as session:
            service.born_as(session, "demo")
            service.load_packs(session)
        killed = subprocess.run(
            [sys.executable, "-c", KILLED_IN_THE_LEDGER], cwd=ROOT, check=False, timeout=300
        )
        with read_only() as session:
            after_kill = {
                stage.name: meta.get(session, f"{seed.STATE}.{stage.name}") for stage in seed.STAGES
            }
            as_of = meta.get(session, seed.AS_OF)
            events = session.execute(text("SELECT count(*) FROM trace_event")).scalar_one()
        accounts = seed.seed(silent)
        yield SimpleNamespace(
            exit_code=killed.returncode,
            after_kill=after_kill,
            events_after_kill=events,
            accounts=accounts,
            as_of=as_of,
        )
        connect(url).dispose()
    _sql(servers.database_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def city(demo: SimpleNamespace) -> City:
    return build_city(SEED, today())


def test_a_kill_in_the_ledger_leaves_whole_stages_only(demo: SimpleNamespace) -> None:
    assert demo.exit_code == -9
    assert demo.after_kill["incidents"] == "done"
    assert demo.after_kill["ledger"] is None
    assert demo.events_after_kill == 0


def test_the_next_start_finishes_every_stage(demo: SimpleNamespace) -> None:
    with read_only() as session:
        left = [
            stage.name
            for stage in seed.STAGES
            if meta.get(session, f"{seed.STATE}.{stage.name}") != "done"
        ]

    assert left == []


def test_seeding_again_changes_nothing(demo: SimpleNamespace) -> None:
    def state() -> dict[str, int]:
        # By name: the rows of a UNION ALL come in whatever order the plan runs its parts.
        counts = " UNION ALL ".join(
            f"SELECT '{name}' AS name, count(*) AS rows FROM {name}"
            for name in ("enterprise", "incident", "trace_event", "signal", "plan", "recall",
                         "outbox_message", "job_run", "account", "grade_change", "sampling_paper",
                         "sampling_case", "sampling_record", "result_publication",
                         "acceptance_lot", "rapid_test", "seat_change", "department_result")
        )  # fmt: skip
        with read_only() as session:
            return {row.name: row.rows for row in session.execute(text(counts))}

    before = state()

    accounts = seed.seed(silent)

    assert state() == before
    assert accounts == demo.accounts


def test_everything_that_was_generated_is_there(demo: SimpleNamespace, city: City) -> None:
    with read_only() as session:
        size = registry.register_size(session)
        grades = {unit.code: unit.grade for unit in registry.roster(session)}
        shops = session.execute(text("SELECT count(*) FROM establishment")).scalar_one()
        events = session.execute(text("SELECT count(*) FROM trace_event")).scalar_one()
        reports = session.execute(text("SELECT count(*) FROM incident")).scalar_one()
        past = session.execute(text("SELECT count(*) FROM past_inspection")).scalar_one()
        ties = len(registry.recusals(session))

    assert size.enterprises == len(city.enterprises) == 1300
    assert size.inspectors == 60
    assert grades == {firm.code: firm.grade for firm in city.enterprises}
    assert shops == sum(len(firm.shops) for firm in city.enterprises)
    assert events == len(city.movements)
    assert reports == len(city.incidents)
    assert past == len(city.inspections)
    assert ties == len(city.recusals)


def test_no_job_of_the_seeding_is_left_for_a_worker(demo: SimpleNamespace) -> None:
    with read_only() as session:
        states = set(session.execute(text("SELECT DISTINCT state FROM job_run")).scalars())
        waiting = session.execute(
            text("SELECT count(*) FROM outbox_message WHERE fanned_out_at IS NULL")
        ).scalar_one()

    assert states == {"done"}
    assert waiting == 0


def test_one_account_for_each_role_can_sign_in(demo: SimpleNamespace) -> None:
    with read_only() as session:
        roles = {
            service.account_for(session, each.login, each.password).role for each in demo.accounts
        }

    assert roles == {role.value for role in Role if role not in (Role.PUBLIC, Role.SYSTEM)}
    assert len({each.password for each in demo.accounts}) == 5


def test_the_newest_red_warning_is_about_chargers(demo: SimpleNamespace) -> None:
    with read_only() as session:
        levels = {signal.level for signal in open_signals(session)}
        newest = open_signals(session, level="red")[0]
        detail = signal_detail(session, newest.number)
        marked = acts.told(session, acts.SIGNAL)

    assert levels == {"red", "orange", "yellow", "blue"}
    assert (newest.category_code, newest.region_code) == (CHARGER, story.REGION)
    assert newest.number == marked
    assert [decision.action for decision in detail.decisions] == ["assign", "confirm"]


def test_the_failing_lot_leads_back_to_the_capacitors(demo: SimpleNamespace) -> None:
    with read_only() as session:
        found = trace(session, lot_by_number(session, story.CHARGER_LOT).lot_id)

    upstream = {lot.lot.number for lot in found.lots if lot.side == "upstream"}
    own = next(lot for lot in found.lots if lot.lot.number == story.CHARGER_LOT)
    holders = {party.code for party in found.parties}
    firms = build_city(SEED, today()).story.firms

    assert {story.SOURCE_LOT, "EL-071", "CU-0603", "W-118", "T-77", "H-502", "M-904"} <= upstream
    assert own.balance.produced.lo == Decimal(5200)
    assert own.balance.sold.lo == Decimal(3016)
    assert own.balance.held.lo == Decimal(1768)
    assert own.balance.unaccounted.lo == Decimal(416)
    assert {firms[key].code for key in ("dealer", "dealer_south", "platform")} <= holders


def test_the_capacitor_lot_leads_forward_to_both_makers(demo: SimpleNamespace) -> None:
    with read_only() as session:
        source = lot_by_number(session, story.SOURCE_LOT)
        found = trace(session, source.lot_id, direction="forward")

    reached = {lot.lot.number for lot in found.lots}

    assert reached == {story.SOURCE_LOT, story.CHARGER_LOT, story.SECOND_LOT}
    assert not found.truncated


def test_the_draw_holds_every_d_and_the_failing_lot_is_recorded(
    demo: SimpleNamespace, city: City
) -> None:
    with read_only() as session:
        no = acts.told(session, acts.PLAN)
        detail = plan_detail(session, no)
        units = drawn_views(session, list(session.execute(drawn_statement(no)).scalars()))
    highest = next(stratum for stratum in detail.strata if stratum.key == "D")
    maker = next(unit for unit in units if unit.code == city.story.firms["maker"].code)

    assert highest.quota == highest.size
    assert all(len(unit.team) == 2 for unit in units)
    assert maker.result is not None
    assert maker.result.outcome == "fail"
    assert story.CHARGER_LOT in (maker.result.note or "")
    assert 0 < sum(unit.result is not None for unit in units) < len(units)


def test_the_bundle_of_the_draw_agrees(demo: SimpleNamespace, tmp_path: Path) -> None:
    with read_only() as session:
        plan = plan_by_no(session, acts.told(session, acts.PLAN))
        parts = sealed_bundle(session, plan, only_public=False)
    path = tmp_path / "bundle.zip"
    path.write_bytes(packed(parts))

    report = verify(path)

    assert report.agrees, [check for check in report.checks if not check.agrees]


def test_the_inspector_has_visits_to_make(demo: SimpleNamespace) -> None:
    with read_only() as session:
        who = actor(session, Role.INSPECTOR)
        assert who.person_id is not None
        tasks = tasks_of(session, who.person_id)

    assert tasks


def test_the_second_plan_waits_for_dice(demo: SimpleNamespace) -> None:
    with read_only() as session:
        detail = plan_detail(session, acts.told(session, acts.OPEN_PLAN))

    assert detail.summary.state == "committed"
    assert detail.summary.waits_for == "dice"
    assert detail.commitment


def test_the_recall_is_public_and_its_scope_comes_from_the_trace(
    demo: SimpleNamespace, city: City
) -> None:
    with read_only() as session:
        number = acts.told(session, acts.RECALL)
        public = public_recall(session, number)
        whole = recall_file(session, number)
        scope = latest_scope(session, recall_row(session, number).id)
        holders = {line.holder_code for line in lines(session, scope.id)}

    assert public.text.items[0].lot == story.CHARGER_LOT
    assert scope.basis != "stated"
    assert {city.story.firms[key].code for key in ("maker", "dealer", "shop_rider")} <= holders
    assert whole is not None


def test_the_enterprise_sees_its_own_ledger_only(demo: SimpleNamespace) -> None:
    from core.unit_of_work import access_of

    with read_only() as session:
        who = actor(session, Role.ENTERPRISE)
    with read_only(access_of(who)) as session:
        tellers = set(
            session.execute(text("SELECT DISTINCT enterprise_id FROM trace_event")).scalars()
        )

    assert who.enterprise_id in tellers
    assert len(tellers) < 20  # its own rows, and those of partners that name it


def test_the_sample_files_hold_exactly_the_faults_they_promise(
    demo: SimpleNamespace, city: City
) -> None:
    kinds = {kind.name: kind for kind in (ROSTER, INSPECTORS)}

    for sample in samples(city):
        path = settings().home / seed.SAMPLES / sample.name
        with unit_of_work() as session:
            outcome = run(
                session,
                SYSTEM,
                kinds[sample.kind],
                path.read_bytes(),
                sample.name,
                dry_run=True,
            )

        assert len({problem.row for problem in outcome.problems}) == sample.faults, sample.name
        assert not outcome.stored


def test_the_story_keeps_its_numbers(demo: SimpleNamespace) -> None:
    year = demo.as_of[:4]

    with read_only() as session:
        numbers = [
            acts.told(session, key) for key in (acts.SIGNAL, acts.PLAN, acts.OPEN_PLAN, acts.RECALL)
        ]

    assert numbers == [
        f"WS-{year}-0006", f"CC-{year}-0001", f"CC-{year}-0002", f"RC-{year}-0001",
    ]  # fmt: skip


def test_every_drawn_plan_carries_out_a_row_that_somebody_else_approved(
    demo: SimpleNamespace,
) -> None:
    with read_only() as session:
        annual = newest_edition(session, acts.told(session, papers.ANNUAL))
        rows = {
            key: row_of_plan(session, acts.told(session, key))
            for key in (acts.PLAN, acts.OPEN_PLAN, supervision.PLAN, supervision.JOINT_PLAN)
        }

    assert annual.state == "published"
    assert annual.approved_by != annual.drafted_by
    assert rows == {
        acts.PLAN: (annual.no, papers.CHARGERS),
        acts.OPEN_PLAN: (annual.no, papers.CHILDREN),
        supervision.PLAN: (annual.no, papers.BATTERIES),
        supervision.JOINT_PLAN: (annual.no, papers.JOINT),
    }


def test_supervision_is_drawn_with_unequal_chances_and_one_certain_unit(
    demo: SimpleNamespace, tmp_path: Path
) -> None:
    with read_only() as session:
        no = acts.told(session, supervision.PLAN)
        detail = plan_detail(session, no)
        units = drawn_views(session, list(session.execute(drawn_statement(no)).scalars()))
        changes = seat_change_views(session, detail.summary.id)
        parts = sealed_bundle(session, plan_by_no(session, no), only_public=False)
    path = tmp_path / "bundle.zip"
    path.write_bytes(packed(parts))
    certain = {one["code"] for one in detail.filters["certain"]}

    assert detail.purpose == "supervision"
    assert len({unit.chance for unit in units if unit.chance < 1}) > 1
    assert len(certain) == 1
    assert {unit.code for unit in units if unit.chance == 1} == certain
    assert len(changes) == 1
    assert verify(path).agrees


def test_cases_stand_at_every_point_of_their_way(demo: SimpleNamespace) -> None:
    with read_only() as session:
        found = {
            kind: case_dossier(session, acts.told(session, key)) for kind, key in cases.CASE.items()
        }
    clocks = {
        kind: {(one.rule_id, one.standing) for one in file.clocks} for kind, file in found.items()
    }

    assert {kind: file.case.state for kind, file in found.items()} == {
        "passed": "closed",
        "correcting": "ordered_to_correct",
        "objected": "objection_open",
        "overdue": "ordered_to_correct",
        "notified": "notified",
        "monitored": "risk_assessed",
        "drawn": "drawn",
    }
    assert ("failure.correct", "running") in clocks["correcting"]
    assert ("failure.correct", "overdue") in clocks["overdue"]
    assert ("objection.decide", "running") in clocks["objected"]
    assert found["monitored"].case.verdict is None


def test_cases_stand_on_signed_records_and_a_draft_waits(demo: SimpleNamespace) -> None:
    with read_only() as session:
        number = case_by_no(session, acts.told(session, cases.CASE["passed"])).record_no
        signed = record_by_no(session, number or "")
        draft = record_by_no(session, acts.told(session, fieldwork.DRAFT))

    assert signed.state == "signed"
    assert sorted(sample.kind for sample in signed.samples) == ["retained", "test", "test"]
    assert draft.state == "draft"
    assert draft.plan_no == signed.plan_no


def test_results_are_public_only_after_a_second_person_and_one_is_struck(
    demo: SimpleNamespace,
) -> None:
    with read_only() as session:
        rows = {
            key: publication_record(session, acts.told(session, key))
            for key in (
                publicity.SAMPLE, publicity.PUBLISHED, publicity.WITHDRAWN, publicity.WAITING,
            )
        }  # fmt: skip

    assert [row.state for row in rows.values()] == ["published"] * 3 + ["pending"]
    assert all(
        row.reviewed_by not in (None, row.recorded_by)
        for key, row in rows.items()
        if key != publicity.WAITING
    )
    assert rows[publicity.SAMPLE].outcome == "fail"
    assert rows[publicity.PUBLISHED].codes == ["1"]
    assert rows[publicity.WITHDRAWN].withdraw_reason


def test_a_draft_waits_for_its_design(demo: SimpleNamespace) -> None:
    with read_only() as session:
        detail = plan_detail(session, acts.told(session, supervision.DRAFT_PLAN))

    assert detail.summary.state == "draft"
    assert detail.method["kind"] == "pareto"


def test_the_lots_are_under_tightened_inspection(demo: SimpleNamespace) -> None:
    with read_only() as session:
        series = series_by_no(session, acts.told(session, lots.SERIES))

    assert (series.state, series.is_stopped, series.lots) == ("tightened", False, 7)


def test_one_department_of_the_joint_visit_has_published(demo: SimpleNamespace) -> None:
    with read_only() as session:
        plan = plan_by_no(session, acts.told(session, supervision.JOINT_PLAN))
        row = session.execute(
            text("SELECT code, published_at FROM department_result WHERE plan_id = :plan"),
            {"plan": plan.id},
        ).one()

    assert len(plan.team["departments"]) == 2
    assert row.published_at is not None


def test_every_entry_of_the_draw_log_is_under_a_signed_checkpoint(demo: SimpleNamespace) -> None:
    with read_only() as session:
        entries = session.execute(
            text("SELECT count(*) FROM journal_entry WHERE stream = :stream"),
            {"stream": draw_log.STREAM},
        ).scalar_one()
        days = session.execute(
            text("SELECT recorded_at FROM journal_entry WHERE stream = :stream ORDER BY sequence"),
            {"stream": draw_log.STREAM},
        ).scalars().all()  # fmt: skip
        covered = session.execute(text("SELECT max(size) FROM log_checkpoint")).scalar_one()

    assert covered == entries
    assert days == sorted(days)  # the past was played before the present


def test_a_database_of_real_data_refuses_the_demo(committed: str) -> None:
    with unit_of_work() as session:
        service.born_as(session, "production")

    with pytest.raises(seed.NotADemoDatabase, match="real data"):
        seed.seed(silent)
    with read_only() as session:
        assert session.execute(text("SELECT count(*) FROM account")).scalar_one() == 0
