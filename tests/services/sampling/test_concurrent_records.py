"""Two samplers at the same moment: real commits, nothing lost, nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from core.actors import Actor, Role
from core.errors import Refusal
from core.unit_of_work import PUBLIC_ACCESS, STAFF_ACCESS, read_only, unit_of_work
from registry.service import load_packs
from sampling import errors
from sampling.queries.records import record_edition
from sampling.service import record_files, record_signing, records
from tests import factories
from tests.sampling_records import FILLED, JPEG, SAMPLES

pytestmark = pytest.mark.usefixtures("committed")
DAYS = {"sampled_on": "2026-11-18"}


def two_samplers() -> tuple[str, list[Actor]]:
    with unit_of_work() as session:
        load_packs(session)
        people = [factories.person(session) for _ in range(2)]
        actors = [
            Actor(
                factories.account(session, role=Role.INSPECTOR, person_id=person.id).id,
                person.name,
                Role.INSPECTOR,
                person_id=person.id,
            )
            for person in people
        ]
        record = records.start(
            session,
            actors[0],
            channel="shop",
            purpose="monitoring",
            standalone_reason="风险监测",
            samplers=[person.number for person in people],
            values={**FILLED, **DAYS, "unit_name": "某店"},
        )
        records.save(session, actors[0], record.no, samples=SAMPLES)
        for kind in ("place", "label", "seal"):
            record_files.attach(
                session, actors[0], record.no, kind=kind, content=JPEG, name="a.jpg"
            )
        return record.no, actors


def together(acts: list[Callable[[Any], Any]]) -> list[type[Refusal]]:
    refusals: list[type[Refusal]] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[Any], Any]) -> None:
        gate.wait()
        try:
            with unit_of_work(STAFF_ACCESS) as session:
                act(session)
        except Refusal as refusal:
            refusals.append(type(refusal))

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals


def test_numbers_begun_at_once_are_all_different_and_without_gap() -> None:
    no, (first, second) = two_samplers()

    def begin(actor: Actor) -> Callable[[Any], Any]:
        return lambda session: records.start(
            session, actor, channel="shop", purpose="monitoring", standalone_reason="x"
        )

    refused = together([begin(first), begin(second), begin(first), begin(second)])

    with read_only() as session:
        numbers = session.execute(text("SELECT no FROM sampling_record ORDER BY no")).scalars()
        assert [each[-4:] for each in numbers] == ["0001", "0002", "0003", "0004", "0005"]
    assert refused == []
    assert no.endswith("0001")


def test_of_two_seals_at_once_one_is_made() -> None:
    no, (first, second) = two_samplers()
    with unit_of_work() as session:
        record_signing.sign(session, first, no)
        record_signing.sign(session, second, no)
        record_signing.sign_for_unit(session, first, no, name="店主")

    refused = together(
        [lambda session, who=who: record_signing.seal(session, who, no) for who in (first, second)]  # type: ignore[misc]
    )

    assert refused == [errors.RecordFinal]
    with read_only() as session:
        assert session.execute(text("SELECT count(*) FROM record_seal")).scalar_one() == 1


def test_of_two_corrections_at_once_one_is_opened() -> None:
    no, (first, second) = two_samplers()
    with unit_of_work() as session:
        record_signing.sign(session, first, no)
        record_signing.sign(session, second, no)
        record_signing.sign_for_unit(session, first, no, name="店主")
        record_signing.seal(session, first, no)

    refused = together(
        [
            lambda session, who=who: record_signing.correct(session, who, no, reason="笔误")  # type: ignore[misc]
            for who in (first, second)
        ]
    )

    assert refused == [errors.CorrectionOpen]
    with read_only() as session:
        assert record_edition(session, no).edition == 2


def test_a_signature_and_a_change_at_once_never_sign_what_was_not_read() -> None:
    no, (first, second) = two_samplers()

    together(
        [
            lambda session: record_signing.sign(session, first, no),
            lambda session: records.save(session, second, no, values={"brand": "雪松"}),
        ]
    )

    with read_only() as session:
        view = record_edition(session, no)
        row = session.execute(text("SELECT content_sha256 FROM record_signature")).scalar_one()
    # Whichever came first: the signature counts only under the words that stand now.
    assert view.signatures[0].is_current == (row == view.content_sha256)


def test_requests_under_row_level_security_write_and_the_public_reads_seals_only() -> None:
    no, (first, second) = two_samplers()
    steps: list[Callable[[Any], Any]] = [
        lambda session: records.save(session, first, no, values={"model": "YS-45W"}),
        lambda session: record_signing.sign(session, first, no),
        lambda session: record_signing.sign(session, second, no),
        lambda session: record_signing.sign_for_unit(session, first, no, name="店主"),
        lambda session: record_signing.seal(session, first, no),
        lambda session: record_signing.correct(session, first, no, reason="笔误"),
    ]
    for step in steps:
        assert together([step]) == []

    counts = {}
    with read_only(PUBLIC_ACCESS) as session:
        for table in (
            "sampling_record",
            "record_sampler",
            "record_sample",
            "record_attachment",
            "record_signature",
            "record_seal",
        ):
            counts[table] = session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    assert counts.pop("record_seal") == 1
    assert set(counts.values()) == {0}
