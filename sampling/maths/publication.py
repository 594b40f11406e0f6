"""What may be made public of results, in which words, by whom and when.

Pure rules: the dated table of result codes and which of them exclude each other, the life of a
record from its first entry to its publication, and the embargo before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

NOTHING_FOUND = 1  # the code that excludes all others
TO_BE_HANDLED = 8  # the code that leaves a follow-up open
NATIONAL_CODES = range(1, 9)


class RecordState(StrEnum):
    """Where the record of a result stands."""

    MISSING = "missing"  # 未录入
    PENDING = "pending"  # 待审核
    RETURNED = "returned"  # 退回
    PUBLISHED = "published"  # 已公示
    WITHDRAWN = "withdrawn"  # 撤回, for everybody to see


class Act(StrEnum):
    """What is done with a record."""

    RECORD = "record"
    RETURN = "return"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


MOVES: Mapping[tuple[RecordState, Act], RecordState] = {
    (RecordState.MISSING, Act.RECORD): RecordState.PENDING,
    (RecordState.RETURNED, Act.RECORD): RecordState.PENDING,
    (RecordState.PENDING, Act.RETURN): RecordState.RETURNED,
    (RecordState.PENDING, Act.PUBLISH): RecordState.PUBLISHED,
    (RecordState.PUBLISHED, Act.WITHDRAW): RecordState.WITHDRAWN,
}

# Acts that the person who entered the record must leave to another.
OF_ANOTHER_PERSON = frozenset({Act.RETURN, Act.PUBLISH})


class Purpose(StrEnum):
    """Why something was inspected or sampled."""

    INSPECTION = "inspection"  # 双随机检查
    SUPERVISION = "supervision"  # 监督抽查
    MONITORING = "monitoring"  # 风险监测: never published as the result of an enterprise


class Stage(StrEnum):
    """How far the finding itself is; before the last two nothing may be said of it."""

    REPORTED = "reported"
    NOTIFIED = "notified"
    OBJECTION_OPEN = "objection_open"
    RETESTING = "retesting"
    CONFIRMED = "confirmed"
    FINAL = "final"


SPEAKABLE = frozenset({Stage.CONFIRMED, Stage.FINAL})


class Hindrance(StrEnum):
    """Why something may not be published now."""

    MONITORING = "monitoring"
    NOT_CONFIRMED = "not-confirmed"
    NOT_DISCLOSED = "not-disclosed"


@dataclass(frozen=True, slots=True)
class ResultCode:
    """One code of the table, and the national code it stands for.

    Parameters
    ----------
    code : str
        What is stored; codes of a local list are longer than the national ones.
    national : int, 1 to 8
        What the national system knows.
    valid_from, valid_to : date
        Days of an inspection on which the code may be given; ``valid_to`` None: still in force.
    """

    code: str
    national: int
    title_zh: str
    title_en: str
    valid_from: date
    valid_to: date | None

    def __post_init__(self) -> None:
        if self.national not in NATIONAL_CODES:
            raise ValueError(f"code {self.code!r}: national is 1 to 8, got {self.national}")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(f"code {self.code!r} ends before it begins")


@dataclass(frozen=True, slots=True)
class CodeTable:
    """The dated table of result codes.

    Raises
    ------
    ValueError
        One code stands twice on the same day.
    """

    codes: tuple[ResultCode, ...]

    def __post_init__(self) -> None:
        for place, one in enumerate(self.codes):
            for other in self.codes[place + 1 :]:
                apart = (one.valid_to is not None and one.valid_to < other.valid_from) or (
                    other.valid_to is not None and other.valid_to < one.valid_from
                )
                if one.code == other.code and not apart:
                    raise ValueError(f"code {one.code!r} is in force twice on one day")

    def on(self, day: date) -> dict[str, ResultCode]:
        """The codes in force on the day of an inspection, by code."""
        return {
            one.code: one
            for one in self.codes
            if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)
        }

    def national(self, codes: Sequence[str], day: date) -> tuple[int, ...]:
        """The national codes that some codes stand for, each once, in order."""
        known = self.on(day)
        return tuple(sorted({known[code].national for code in codes if code in known}))


@dataclass(frozen=True, slots=True)
class CodeProblem:
    """Why codes cannot be given together, as a template with its facts."""

    message: str
    facts: Mapping[str, Any]


def read_codes(document: Mapping[str, Any]) -> CodeTable:
    """Read the table from its JSON document.

    Raises
    ------
    ValueError
        A code is out of range, reversed in its dates or in force twice.
    """
    return CodeTable(
        tuple(
            ResultCode(
                code=one["code"],
                national=one["national"],
                title_zh=one["title"]["zh"],
                title_en=one["title"]["en"],
                valid_from=date.fromisoformat(one["valid_from"]),
                valid_to=date.fromisoformat(one["valid_to"]) if one["valid_to"] else None,
            )
            for one in document["codes"]
        )
    )


def code_problem(
    table: CodeTable, codes: Sequence[str], *, on: date, outcome: str
) -> CodeProblem | None:
    """Why may these codes not be given together to one inspection?

    Parameters
    ----------
    codes : sequence of str
        Chosen by a person; at least one.
    on : date
        Day of the inspection: the table is dated.
    outcome : {"pass", "conditions", "fail", "not_done"}
        What the inspection's own record says.

    Returns
    -------
    CodeProblem or None
        The first problem; None if there is none.

    Notes
    -----
    Two local codes of one national code do not exclude each other, except those of code 1.
    "No problem found" fits a passed inspection only: the two records would contradict each other.

    References
    ----------
    国家企业信用信息公示系统, result codes 1-8 (to be confirmed); code 1 excludes all others.

    Examples
    --------
    >>> day = date(2026, 3, 2)
    >>> table = CodeTable(tuple(ResultCode(str(n), n, "", "", day, None) for n in (1, 5)))
    >>> code_problem(table, ["1", "5"], on=day, outcome="pass").message
    'Code 1 (nothing found) excludes all others; leave it out or keep it alone.'
    """
    known = table.on(on)
    if not codes:
        return CodeProblem("Choose at least one result code.", {})
    if repeated := sorted({code for code in codes if list(codes).count(code) > 1}):
        return CodeProblem("Code {codes} is chosen twice.", {"codes": ", ".join(repeated)})
    if strange := [code for code in codes if code not in known]:
        facts = {"codes": ", ".join(strange), "allowed": ", ".join(known), "on": on.isoformat()}
        return CodeProblem(
            "{codes}: not a result code on {on}; choose from {allowed}.",
            facts,
        )
    mapped = [known[code].national for code in codes]
    if NOTHING_FOUND in mapped and len(codes) > 1:
        return CodeProblem(
            "Code 1 (nothing found) excludes all others; leave it out or keep it alone.", {}
        )
    if NOTHING_FOUND in mapped and outcome != "pass":
        return CodeProblem(
            "Code 1 (nothing found) contradicts the recorded outcome {outcome}.",
            {"outcome": outcome},
        )
    return None


def suggested_codes(outcome: str) -> tuple[str, ...]:
    """Which codes does a recorded outcome suggest? A person chooses; none for a visit not done.

    Notes
    -----
    A visit that was not done may stand for code 4 or 7: only who was there knows.
    """
    return {"pass": ("1",), "conditions": ("5",), "fail": ("8",)}.get(outcome, ())


def next_state(state: RecordState, act: Act) -> RecordState | None:
    """Where does an act lead? None where it is not lawful in that state."""
    return MOVES.get((state, act))


def hindrance(
    *, purpose: Purpose, stage: Stage, disclosed_on: date | None, today: date
) -> Hindrance | None:
    """Why may a finding not be made public today?

    Parameters
    ----------
    disclosed_on : date or None
        Day from which everybody may know who was drawn; None where that was never kept back.

    Returns
    -------
    Hindrance or None
        The gravest reason first.

    References
    ----------
    产品质量监督抽查管理暂行办法 (SAMR Order 18) arts 10, 44; risk monitoring is not an
    enterprise's result.
    """
    if purpose is Purpose.MONITORING:
        return Hindrance.MONITORING
    if stage not in SPEAKABLE:
        return Hindrance.NOT_CONFIRMED
    if disclosed_on is not None and today < disclosed_on:
        return Hindrance.NOT_DISCLOSED
    return None
