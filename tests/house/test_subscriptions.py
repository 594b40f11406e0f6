from __future__ import annotations

import dataclasses
import inspect
from importlib import import_module

import pytest

from core.imports import ImportRequested
from core.queue import QUEUES
from worker.probe import ProbeSent
from worker.schedule import SCHEDULE
from worker.subscriptions import SUBSCRIPTIONS, Job

DOMAINS = ("registry", "sampling", "traceability", "risk", "recall")
JOBS = [(topic, job) for topic, jobs in SUBSCRIPTIONS.items() for job in jobs]


def events() -> dict[str, type]:
    found: dict[str, type] = {each.topic: each for each in (ImportRequested, ProbeSent)}
    for domain in DOMAINS:
        module = import_module(f"{domain}.events")
        for _, each in inspect.getmembers(module, inspect.isclass):
            if each.__module__ == module.__name__ and hasattr(each, "topic"):
                assert each.topic not in found, f"{each.topic} is announced by two events"
                found[each.topic] = each
    return found


def test_only_announced_topics_are_waited_for() -> None:
    assert set(SUBSCRIPTIONS) - set(events()) - {entry.topic for entry in SCHEDULE} == set()


def test_the_names_of_jobs_are_unique() -> None:
    names = [job.name for _, job in JOBS]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(("topic", "job"), JOBS, ids=[job.name for _, job in JOBS])
def test_a_job_takes_what_its_message_carries(topic: str, job: Job) -> None:
    module, _, name = job.target.partition(":")
    function = getattr(import_module(module), name)
    taken = set(list(inspect.signature(function).parameters)[1:])
    event = events().get(topic)
    carried = {field.name for field in dataclasses.fields(event)} if event else set()

    assert job.queue in QUEUES
    assert carried == taken


@pytest.mark.parametrize("entry", SCHEDULE, ids=[entry.name for entry in SCHEDULE])
def test_the_schedule_announces_what_jobs_take(entry: object) -> None:
    from core.clock import CIVIL_ZONE, now

    payload = entry.payload(now().astimezone(CIVIL_ZONE))  # type: ignore[attr-defined]
    for job in SUBSCRIPTIONS[entry.topic]:  # type: ignore[attr-defined]
        module, _, name = job.target.partition(":")
        taken = set(list(inspect.signature(getattr(import_module(module), name)).parameters)[1:])
        assert set(payload) == taken
