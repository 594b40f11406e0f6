"""Who may take which seat, for many units at once: arrays of places instead of lists of people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from sampling.maths.rounds import Places, SeatList
from sampling.maths.teams import Inspector, Qualification, Task, TeamRule


class Eligibility:
    """Who may take which seat, as arrays of places in the sequence of inspectors.

    Recusals aside, category and region of a unit decide: their seat lists are found once.
    Inspectors without room are in no list.
    """

    def __init__(self, people: Sequence[Inspector], rule: TeamRule) -> None:
        self.people, self.rule = people, rule
        self.kinds = rule.seat_kinds
        self.place = {one.id: n for n, one in enumerate(people)}
        self._known: dict[tuple[str, str], list[tuple[Places, frozenset[int]]]] = {}
        self._able = np.fromiter((self._is_able(one) for one in people), bool, len(people))
        self._senior = np.fromiter((one.is_senior for one in people), bool, len(people))
        self._own = {
            key: np.fromiter((one.department == key for one in people), bool, len(people))
            for key in {kind.department for kind in self.kinds} - {None}
        }
        self._by_region = _holders([one.regions for one in people])
        self._by_category = _holders([one.categories for one in people])

    def seat_lists(self, tasks: Iterable[Task]) -> Iterable[SeatList]:
        """The seat lists of some units, unit by unit."""
        place, seats = self.place, [kind.seats for kind in self.kinds]
        for owner, task in enumerate(tasks):
            out = {place[name] for name in task.recused if name in place}
            for wanted, (people, members) in zip(seats, self._of(task), strict=True):
                away = tuple(out & members) if out else ()
                yield SeatList(owner, task.code, wanted, people, away)

    def _of(self, task: Task) -> list[tuple[Places, frozenset[int]]]:
        key = (task.category, task.region)
        if key not in self._known:
            lists = self._lists(*key)
            self._known[key] = [(people, frozenset(people.tolist())) for people in lists]
        return self._known[key]

    def _is_able(self, one: Inspector) -> bool:
        rule, until = self.rule, one.certificate_until
        certified = until is not None and until >= rule.visit_on
        return (
            one.load < one.cap
            and (certified or not rule.needs_certificate)
            and (rule.pool is None or one.pool == rule.pool)
        )

    def _lists(self, category: str, region: str) -> list[Places]:
        able = self._able
        if self.rule.needs_region:
            able = able & _held(self._by_region, region)
        skilled = _held(self._by_category, category)
        senior = self._senior
        lists = []
        for kind in self.kinds:
            fit = able
            if kind.department is not None:
                fit = fit & self._own[kind.department]
            if kind.is_senior is not None:
                fit = fit & (senior == kind.is_senior)
            if kind.qualification is Qualification.ALL:
                fit = fit & skilled
            elif kind.qualification is Qualification.LEAD:
                fit = fit & (skilled | ~senior)
            lists.append(np.flatnonzero(fit))
        return lists


_Holders = tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[np.bool_]]]


def _holders(listed: Sequence[frozenset[str] | None]) -> _Holders:
    """Who is listed for everything, and who (those included) for each code that somebody names."""
    everything = np.fromiter((codes is None for codes in listed), bool, len(listed))
    found: dict[str, npt.NDArray[np.bool_]] = {}
    for place, codes in enumerate(listed):
        for code in codes or ():
            if code not in found:
                found[code] = everything.copy()
            found[code][place] = True
    return everything, found


def _held(holders: _Holders, code: str) -> npt.NDArray[np.bool_]:
    everything, found = holders
    return found.get(code, everything)
