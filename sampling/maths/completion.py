"""Can the seats that are still open be filled, and with this person in this seat?

A completion is a way to fill every seat: a bipartite flow in which a demand takes several
different people from its own list and a person serves a limited number of demands. It is kept
up to date while seats become fixed one by one, so that most questions are answered at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Demand:
    """``seats`` different people wanted, out of ``eligible``."""

    seats: int
    eligible: tuple[str, ...]


@dataclass(slots=True)
class Completion:
    """A set of people for each demand, within everyone's room; seats are kept once fixed.

    Whether seats can be filled is a property of demands and room. The search order below changes
    which completion is found, never the answers: another implementation gives the same.
    """

    demands: Sequence[Demand]
    room: dict[str, int]  # how many demands each person may still serve in all
    serving: list[dict[str, None]] = field(init=False)  # people by demand; a dict keeps order
    served: dict[str, dict[int, None]] = field(init=False)  # demands by person
    fixed: set[tuple[int, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.serving = [{} for _ in self.demands]
        self.served = {person: {} for person in self.room}
        self.fixed = set()

    def seat(self, demand: int, person: str) -> None:
        """Take a person in, whatever the room."""
        self.serving[demand][person] = None
        self.served[person][demand] = None

    def _leave(self, demand: int, person: str) -> None:
        del self.serving[demand][person]
        del self.served[person][demand]

    def _has_room(self, person: str) -> bool:
        return len(self.served[person]) < self.room[person]

    def fill(self) -> frozenset[int]:
        """Fill as many seats as possible.

        Returns
        -------
        frozenset of int
            Empty if every seat is filled. Otherwise a deficient set (Hall): demands that
            together want more people than their lists and everyone's room can give. It is the
            source side of the smallest minimum cut, the same for every maximum flow.
        """
        deficient: set[int] = set()
        # Whoever was reached in vain leads to nobody with room, now and later: a chain that entered
        # there could not leave again. So nobody is looked at twice, however much is missing.
        spent: set[str] = set()
        for demand in range(len(self.demands)):
            while len(self.serving[demand]) < self.demands[demand].seats:
                steps: dict[str, tuple[int, str] | None] = {}
                seen: set[int] = set()
                starts = self._outside(demand, spent)
                end = self._search(starts, self._has_room, steps, seen, spent)
                if end is None:
                    deficient |= {demand, *seen}
                    spent |= steps.keys()
                    break
                self.seat(demand, self._shift(end, steps))
        return frozenset(deficient)

    def fix(self, demand: int, person: str) -> bool:
        """Give a seat to a person for good, if all other seats can still be filled.

        Returns
        -------
        bool
            False, with nothing changed, if no completion has this person in this demand
            together with all seats fixed so far.
        """
        members = self.serving[demand]
        if person not in members:
            loose = [m for m in members if (demand, m) not in self.fixed]
            if not loose:
                return False
            steps: dict[str, tuple[int, str] | None] = {}
            # Whoever leaves this demand has room again, so a chain may end there too.
            end = self._search(
                (person,), lambda p: self._has_room(p) or p in loose, steps, {demand}
            )
            if end is None:
                return False
            self._leave(demand, end if end in loose else loose[0])
            self._shift(end, steps)
            self.seat(demand, person)
        self.fixed.add((demand, person))
        return True

    def _outside(self, demand: int, spent: Container[str] = ()) -> list[str]:
        members = self.serving[demand]
        eligible = self.demands[demand].eligible
        return [person for person in eligible if person not in members and person not in spent]

    def _search(
        self,
        starts: Iterable[str],
        is_end: Callable[[str], bool],
        steps: dict[str, tuple[int, str] | None],
        seen: set[int],
        spent: Container[str] = (),
    ) -> str | None:
        """Nearest person at the end of a chain "x leaves a demand, y takes the seat".

        ``steps`` maps each person reached to (demand, who leaves it); ``seen`` collects demands;
        ``spent`` are people who need not be looked at.
        """
        waiting = deque[str]()
        for person in starts:
            if is_end(person):
                steps[person] = None
                return person
            if person not in steps:
                steps[person] = None
                waiting.append(person)
        while waiting:
            leaving = waiting.popleft()
            for demand in self.served[leaving]:
                if demand in seen or (demand, leaving) in self.fixed:
                    continue
                seen.add(demand)
                for person in self._outside(demand, spent):
                    if person not in steps:
                        steps[person] = (demand, leaving)
                        if is_end(person):
                            return person
                        waiting.append(person)
        return None

    def _shift(self, end: str, steps: dict[str, tuple[int, str] | None]) -> str:
        """Move everyone along the chain; the person at its start is then free for one more."""
        step = steps[end]
        while step is not None:
            demand, leaving = step
            self._leave(demand, leaving)
            self.seat(demand, end)
            end, step = leaving, steps[leaving]
        return end
