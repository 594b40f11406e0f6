"""The tables of ISO 2859-1 (GB/T 2828.1), grown from their ladder instead of typed cell by cell.

Letter index plus AQL index is constant along a diagonal of the master tables, and the acceptance
number belongs to the diagonal. A cell without a plan of its own takes the plan the arrow leads
to, with that plan's letter and sample size (cl. 10.3).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from sampling.maths.ranges import OutOfRange, whole

LETTERS: Final = "ABCDEFGHJKLMNPQR"  # no I and no O
LAST_ROW: Final = "S"  # tightened inspection only
LEVELS: Final = ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")
AQLS: Final = (
    *(0.010, 0.015, 0.025, 0.040, 0.065, 0.10, 0.15, 0.25, 0.40, 0.65),
    *(1.0, 1.5, 2.5, 4.0, 6.5, 10.0, 15.0, 25.0, 40.0, 65.0),
    *(100.0, 150.0, 250.0, 400.0, 650.0, 1000.0),
)
HIGHEST_PERCENT: Final = 10.0  # above it an AQL can only mean findings per 100 items (cl. 5.4)
LARGEST_LOT: Final = 1_000_000_000

# Table 1: upper bounds of the lot classes but the last, and a letter for each class and level.
_LOT_BOUNDS: Final = (
    8,
    15,
    25,
    50,
    90,
    150,
    280,
    500,
    1200,
    3200,
    10_000,
    35_000,
    150_000,
    500_000,
)
_CODE_LETTERS: Final = {
    "S-1": "AAAABBBBCCCCDDD",
    "S-2": "AAABBBCCCDDDEEE",
    "S-3": "AABBCCDDEEFFGGH",
    "S-4": "AABCCDEEFGGHJJK",
    "I": "AABCCDEFGHJKLMN",
    "II": "ABCDEFGHJKLMNPQ",
    "III": "BCDEFGHJKLMNPQR",
}


class State(StrEnum):
    """How severe the inspection is (cl. 9)."""

    NORMAL = "normal"  # 正常检验
    TIGHTENED = "tightened"  # 加严检验
    REDUCED = "reduced"  # 放宽检验


_SIZES: Final = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000)
_SIZES_REDUCED: Final = (2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800)
_SIZE_OF_LAST_ROW: Final = 3150
_AQL_OF_LAST_ROW: Final = 0.025  # the one plan of row S: Ac 1

# Acceptance number by diagonal (letter index + AQL index).
_NORMAL: Final = {14: 0, 17: 1, 18: 2, 19: 3, 20: 5, 21: 7, 22: 10, 23: 14, 24: 21, 25: 30, 26: 44}
_TIGHTENED: Final = {15: 0, 18: 1, 19: 2, 20: 3, 21: 5, 22: 8, 23: 12, 24: 18, 25: 27, 26: 41}
_REDUCED: Final = {14: 0, 18: 1, 19: 2, 20: 3, 21: 5, 22: 6, 23: 8, 24: 10, 25: 14, 26: 21}
# Reduced rows A to C do not follow the diagonals; by AQL index.
_REDUCED_TOP: Final = {
    "A": {14: 0, 17: 1, 18: 2, 19: 3, 20: 5, 21: 7, 22: 10, 23: 14, 24: 21, 25: 30},
    "B": {13: 0, 17: 1, 18: 2, 19: 3, 20: 5, 21: 7, 22: 10, 23: 14, 24: 21, 25: 30},
    "C": {12: 0, 16: 1, 17: 2, 18: 3, 19: 5, 20: 6, 21: 8, 22: 10, 23: 14, 24: 21},
}
_FROM_F: Final = LETTERS.index("F")
_HIGHEST_FROM_F: Final = {State.NORMAL: 21, State.TIGHTENED: 18, State.REDUCED: 10}


@dataclass(frozen=True, slots=True)
class Cell:
    """A plan of the master tables: accept with ``acceptance`` findings or fewer."""

    letter: str
    size: int
    acceptance: int

    @property
    def rejection(self) -> int:
        """The rejection number; since the 1999 edition it follows the acceptance number."""
        return self.acceptance + 1


def aql_index(aql: float) -> int:
    """The column of an AQL.

    Raises
    ------
    OutOfRange
        It is none of the 26 preferred values.
    """
    try:
        return AQLS.index(aql)
    except ValueError:
        near = min(AQLS, key=lambda each: abs(each - aql))
        raise OutOfRange(
            "aql",
            "one of the 26 preferred values from 0.01 to 1000",
            aql,
            f"the nearest is {near:g}",
        ) from None


def code_letter(lot_size: int, level: str = "II") -> str:
    """The sample size code letter of table 1.

    Parameters
    ----------
    lot_size : int, >= 2
        Items in the lot.
    level : {"S-1", "S-2", "S-3", "S-4", "I", "II", "III"}
        Inspection level.

    Returns
    -------
    str
        A to R, without I and O.

    Raises
    ------
    OutOfRange
        If an argument lies outside its range.

    References
    ----------
    ISO 2859-1:1999, cl. 10.1 and 10.2, table 1; GB/T 2828.1-2012.

    Examples
    --------
    >>> code_letter(3200), code_letter(3201)
    ('K', 'L')
    """
    whole("lot_size", lot_size, 2, LARGEST_LOT, "a single item is inspected as it is")
    if level not in _CODE_LETTERS:
        raise OutOfRange("level", "one of " + ", ".join(LEVELS), level, "II is the usual one")
    return _CODE_LETTERS[level][bisect_left(_LOT_BOUNDS, lot_size)]


def rows(state: State) -> str:
    """The letters a table has rows for."""
    return LETTERS + LAST_ROW if state == State.TIGHTENED else LETTERS


def sample_size(letter: str) -> int:
    """The size of single samples with this letter in normal and tightened inspection."""
    return _SIZE_OF_LAST_ROW if letter == LAST_ROW else _SIZES[LETTERS.index(letter)]


def _direct(state: State, row: int, column: int) -> Cell | None:
    """The plan that stands in the cell itself."""
    if row == len(LETTERS):
        if AQLS[column] != _AQL_OF_LAST_ROW:
            return None
        return Cell(LAST_ROW, _SIZE_OF_LAST_ROW, 1)
    letter = LETTERS[row]
    size = (_SIZES_REDUCED if state == State.REDUCED else _SIZES)[row]
    if state == State.REDUCED and letter in _REDUCED_TOP:
        acceptance = _REDUCED_TOP[letter].get(column)
    else:
        ladder = {
            State.NORMAL: _NORMAL,
            State.TIGHTENED: _TIGHTENED,
            State.REDUCED: _REDUCED,
        }[state]
        acceptance = ladder.get(row + column)
        if acceptance is not None and row >= _FROM_F and acceptance > _HIGHEST_FROM_F[state]:
            acceptance = None
    return None if acceptance is None else Cell(letter, size, acceptance)


@cache
def cell(state: State, letter: str, aql: float) -> Cell:
    """The single sampling plan for a letter and an AQL, arrows followed.

    Parameters
    ----------
    state : State
        Severity of inspection: table 2-A, 2-B or 2-C.
    letter : str
        Code letter A to R; in tightened inspection also S.
    aql : float
        One of the 26 preferred values.

    Returns
    -------
    Cell
        Letter, sample size and acceptance number of the plan arrived at.

    Raises
    ------
    OutOfRange
        If an argument lies outside its range.

    Notes
    -----
    Normal and reduced: the first empty row under the plan with acceptance number 0 points up;
    every other empty cell points to the nearest plan below, or, with none below, above.
    Tightened: to the nearest plan below, or, with none below, above.

    References
    ----------
    ISO 2859-1:1999, cl. 10.3, tables 2-A, 2-B, 2-C; GB/T 2828.1-2012.

    Examples
    --------
    >>> cell(State.NORMAL, "K", 1.0)
    Cell(letter='K', size=125, acceptance=3)
    """
    if letter not in tuple(rows(state)):
        raise OutOfRange("letter", f"one of {rows(state)}", letter, "read it from table 1")
    column, row = aql_index(aql), rows(state).index(letter)
    if letter == LAST_ROW and aql != _AQL_OF_LAST_ROW:
        raise OutOfRange("aql", f"{_AQL_OF_LAST_ROW} in row S", aql, "take letter R")
    found = _direct(state, row, column)
    if found is not None:
        return found
    above = [each for at in range(row) if (each := _direct(state, at, column))]
    below = [each for at in range(row, len(rows(state))) if (each := _direct(state, at, column))]
    if state != State.TIGHTENED and row:
        over = _direct(state, row - 1, column)
        if over is not None and over.acceptance == 0:
            return over
    return below[0] if below else above[-1]
