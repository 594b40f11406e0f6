"""Fill a demo database: stage by stage, each in one transaction, so that a kill loses one at most.

A start that finds a stage done goes on with the next one. Everything goes through imports and use
cases of the house; nothing is written past them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from core import meta
from core.clock import today
from core.config import settings
from core.progress import Progress
from core.unit_of_work import read_only, unit_of_work
from registry import service
from runtime.demo import (
    acts,
    cases,
    events,
    fieldwork,
    loading,
    lots,
    papers,
    publicity,
    supervision,
)
from runtime.demo.accounts import ACCOUNTS, DemoAccounts
from runtime.demo.city import SEED, City, build_city
from runtime.demo.errands import work_off
from runtime.demo.samples import write_samples

__all__ = ["ACCOUNTS", "NotADemoDatabase", "seed"]

STATE = "demo.seed-state"
AS_OF = "demo.as-of"
SAMPLES = "samples"  # folder of the data folder: files to try an import with


class NotADemoDatabase(RuntimeError):
    """The database was not born as a demo; invented firms must never mix with real ones."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the seeding.

    ``title`` is what the progress shows; the jobs that the stage's facts ask for are worked off
    after it.
    """

    name: str
    title: str
    work: Callable[[Session, City, Progress], None]


STAGES = (
    Stage("trees", "regions and categories", loading.trees),
    Stage("register", "enterprises and products", loading.register),
    Stage("people", "inspectors and accounts", loading.people),
    Stage("inspections", "past inspections", loading.inspections),
    Stage("incidents", "complaints and accidents", loading.incidents),
    Stage("ledger", "flow ledger", loading.ledger),
    Stage("warnings", "warnings", acts.warnings),
    Stage("papers", "annual plan", papers.annual_plan),
    Stage("supervision", "supervision sampling", supervision.draw),
    Stage("plan", "a plan, committed", acts.plan),
    Stage("draw", "the draw", acts.draw),
    Stage("visits", "results", acts.visits),
    Stage("recall", "a recall", acts.recall),
    Stage("notice", "its notice", acts.notice),
    Stage("open-plan", "a plan awaiting dice", acts.open_plan),
    Stage("cases", "cases of samples", cases.cases),
    Stage("next-visit", "the next visit", fieldwork.next_visit),
    Stage("publication", "published results", publicity.publication),
    Stage("joint", "a joint visit", supervision.joint_visit),
    Stage("draft-plan", "a draft plan", supervision.draft_plan),
    Stage("lots", "acceptance sampling", lots.lots),
    Stage("watch", "a watched trace", events.watch),
    Stage("events", "EPCIS events", events.tell),
)


def seed(progress: Progress) -> DemoAccounts:
    """Bring the demo city and its story into the database, or finish what a kill interrupted.

    Parameters
    ----------
    progress : callable (stage, done, total)
        Told how far each stage is.

    Returns
    -------
    tuple of DemoAccount
        Who can sign in, with passwords that hold on this installation only.

    Raises
    ------
    NotADemoDatabase
        The database was made for real data.
    """
    with unit_of_work() as session:
        if not service.is_demo(session):
            raise NotADemoDatabase("This database holds real data; the demo needs one of its own.")
        as_of = date.fromisoformat(meta.put_once(session, AS_OF, today().isoformat()))
    if _stages_left():
        progress("invented city", 0, 1)
        city = build_city(SEED, as_of)
        progress("invented city", 1, 1)
        work_off("jobs", progress)  # what an interrupted start left
        for stage in _stages_left():
            _play(stage, city, progress)
        write_samples(city, settings().home / SAMPLES)
    return ACCOUNTS


def _stages_left() -> list[Stage]:
    with read_only() as session:
        return [s for s in STAGES if meta.get(session, f"{STATE}.{s.name}") is None]


def _play(stage: Stage, city: City, progress: Progress) -> None:
    def titled(step: str, done: int, total: int) -> None:
        progress(stage.title, done, total)

    with unit_of_work() as session:
        stage.work(session, city, titled)
        meta.put(session, f"{STATE}.{stage.name}", "done")
    work_off(stage.title, progress)
