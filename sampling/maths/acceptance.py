"""Which plan applies to a lot: letter, sample size, acceptance numbers (ISO 2859-1, GB/T 2828.1).

Single plans come whole from the ladder of `acceptance_tables`. Double plans are derived from them:
both samples have the size of the single plan one letter earlier, and the numbers belong to the
single plan's acceptance number. For reduced inspection no double plans are given here: the
numbers of that table could not be checked against any second source.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sampling.maths.acceptance_tables import (
    HIGHEST_PERCENT,
    LAST_ROW,
    LETTERS,
    Cell,
    State,
    aql_index,
    cell,
    code_letter,
    sample_size,
)
from sampling.maths.oc import AnyPlan, DoublePlan, Model, SinglePlan
from sampling.maths.ranges import OutOfRange


class Kind(StrEnum):
    """How many samples a plan has."""

    SINGLE = "single"  # 一次抽样
    DOUBLE = "double"  # 二次抽样


class Edition(StrEnum):
    """Whose double plans; the 1999 edition changed four of them for a smaller sample number."""

    ISO_1999 = "ISO 2859-1:1999"  # GB/T 2828.1-2003 and -2012
    Z14 = "ANSI/ASQ Z1.4, ISO 2859-1:1989"  # for comparison with older tables only


# First acceptance, first rejection and final acceptance number by the single plan's acceptance.
_DOUBLE: Final = {
    State.NORMAL: {
        1: (0, 2, 1),
        2: (0, 3, 3),
        3: (1, 3, 4),
        5: (2, 5, 6),
        7: (3, 6, 9),
        10: (5, 9, 12),
        14: (7, 11, 18),
        21: (11, 16, 26),
        30: (17, 22, 37),
        44: (25, 31, 56),
    },
    State.TIGHTENED: {
        1: (0, 2, 1),
        2: (0, 3, 3),
        3: (1, 3, 4),
        5: (2, 5, 6),
        8: (4, 7, 10),
        12: (6, 10, 15),
        18: (9, 14, 23),
        27: (15, 20, 34),
        41: (23, 29, 52),
    },
}
EARLIER_RUNGS: Final = {
    (State.NORMAL, 3): (1, 4, 4),
    (State.NORMAL, 7): (3, 7, 8),
    (State.TIGHTENED, 3): (1, 4, 4),
    (State.TIGHTENED, 8): (3, 7, 11),
}


CHOOSE_SINGLE: Final = "the tables have no double plan here"


class NoDoublePlan(OutOfRange):
    """The tables have no double plan here."""


@dataclass(frozen=True, slots=True)
class LotPlan:
    """What is done with one lot.

    ``letter`` is that of the plan arrived at, ``first_letter`` the one of table 1. If
    ``inspects_all``, the lot is no larger than the sample: every item is inspected, and the
    acceptance number stays.
    """

    lot_size: int
    level: str
    aql: float
    state: State
    first_letter: str
    letter: str
    plan: AnyPlan
    inspects_all: bool

    @property
    def items(self) -> int:
        """Items to inspect; of a double plan, in the first sample."""
        size = self.plan.size if isinstance(self.plan, SinglePlan) else self.plan.first_size
        return self.lot_size if self.inspects_all else size

    @property
    def is_percent(self) -> bool:
        """Whether the AQL can be read as percent; above 10 it counts findings per 100 items."""
        return self.aql <= HIGHEST_PERCENT

    @property
    def model(self) -> Model:
        """The distribution that fits: without replacement, unless findings are counted per item."""
        return Model.HYPERGEOMETRIC if self.is_percent else Model.POISSON


def double_plan(state: State, found: Cell, *, edition: Edition = Edition.ISO_1999) -> DoublePlan:
    """The double plan beside a single plan.

    Parameters
    ----------
    state : State
        Normal or tightened.
    found : Cell
        The single plan, arrows followed.
    edition : Edition
        Which tables; the product uses the 1999 edition.

    Returns
    -------
    DoublePlan
        Both samples of equal size.

    Raises
    ------
    NoDoublePlan
        Reduced inspection, letter A, or a single plan with acceptance number 0.

    Notes
    -----
    Checked against values of the earlier edition in every rung that the 1999 edition kept; the
    four rungs it changed are known from its tables and checked by their operating
    characteristics, which follow the single plan's, with a smaller sample number.

    References
    ----------
    ISO 2859-1:1999, cl. 11.1.2, tables 3-A and 3-B.

    Examples
    --------
    >>> double_plan(State.NORMAL, cell(State.NORMAL, "K", 1.5))
    DoublePlan(first_size=80, second_size=80, first_acceptance=2, first_rejection=5, acceptance=6)
    """
    if state not in _DOUBLE:
        raise NoDoublePlan("kind", "single in reduced inspection", Kind.DOUBLE.value, CHOOSE_SINGLE)
    if found.letter == LETTERS[0]:
        raise NoDoublePlan("kind", "single at letter A", Kind.DOUBLE.value, CHOOSE_SINGLE)
    if found.acceptance == 0:
        raise NoDoublePlan(
            "kind", "single where the acceptance number is 0", Kind.DOUBLE.value, CHOOSE_SINGLE
        )
    numbers = _DOUBLE[state][found.acceptance]
    if edition == Edition.Z14:
        numbers = EARLIER_RUNGS.get((state, found.acceptance), numbers)
    place = (LETTERS + LAST_ROW).index(found.letter)
    size = sample_size(LETTERS[place - 1])
    return DoublePlan(size, size, *numbers)


def plan_for_lot(
    lot_size: int,
    aql: float,
    *,
    level: str = "II",
    state: State = State.NORMAL,
    kind: Kind = Kind.SINGLE,
) -> LotPlan:
    """Which plan applies to a lot?

    Parameters
    ----------
    lot_size : int, >= 2
        Items in the lot.
    aql : float
        One of the 26 preferred values; up to 10 in percent, above in findings per 100 items.
    level : str
        Inspection level S-1 to S-4, I, II or III.
    state : State
        Severity that the switching rules lead to.
    kind : Kind
        Single or double.

    Returns
    -------
    LotPlan
        The plan arrived at.

    Raises
    ------
    OutOfRange
        If an argument lies outside its range.
    NoDoublePlan
        If a double plan is asked for where there is none.

    References
    ----------
    ISO 2859-1:1999, cl. 10; GB/T 2828.1-2012.

    Examples
    --------
    >>> plan_for_lot(2000, 1.0).plan
    SinglePlan(size=125, acceptance=3)
    """
    aql_index(aql)
    first = code_letter(lot_size, level)
    found = cell(state, first, aql)
    plan: AnyPlan = SinglePlan(found.size, found.acceptance)
    if kind == Kind.DOUBLE:
        plan = double_plan(state, found)
    return LotPlan(
        lot_size=lot_size,
        level=level,
        aql=aql,
        state=state,
        first_letter=first,
        letter=found.letter,
        plan=plan,
        inspects_all=plan.most >= lot_size,
    )
