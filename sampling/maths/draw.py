"""Who is drawn: a ticket for each unit from the seed, the smallest tickets in each stratum win.

Byte rules: docs/protocol/draw-v1.md, sections 6 and 7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.chain import Hasher, hasher
from sampling.maths.commitment import checked_code, in_frame_order, length_prefixed
from sampling.maths.pareto import near_the_cut, order_key

_PREFIX_BYTES: Final = 64  # one block of SHA-256 and of SM3: absorbed once, then copied
_TAG_BYTES: Final = 28


def ticket_prefix(seed: bytes, domain: str) -> bytes:
    """The 64 bytes before each ticket's message: seed ‖ be32(length of tag) ‖ tag ‖ zeros.

    Parameters
    ----------
    seed : bytes, shape (32,)
    domain : str
        "draw", "dispatch" or "pair": one seed, three unrelated streams of tickets.

    Raises
    ------
    ValueError
        If the seed is not 32 bytes or the tag is longer than 28.
    """
    tag = domain.encode("ascii")
    if len(seed) != 32 or not 0 < len(tag) <= _TAG_BYTES:
        raise ValueError("a ticket needs a seed of 32 bytes and a tag of 1 to 28")
    return (seed + length_prefixed(tag)).ljust(_PREFIX_BYTES, b"\x00")


@dataclass(frozen=True, slots=True)
class Tickets:
    """The tickets of one domain: H(prefix ‖ LP(fields))."""

    started: Hasher

    def of(self, *fields: str) -> bytes:
        """The ticket of one unit, one task, or one (task, inspector); 32 bytes, small wins."""
        return self.of_prefixed(length_prefixed(*fields))

    def of_prefixed(self, message: bytes) -> bytes:
        """The same for fields that carry their length prefixes already."""
        taken = self.started.copy()
        taken.update(message)
        return taken.digest()

    def under(self, first: str) -> Tickets:
        """The tickets whose first field is this one: ``under(a).of(b)`` equals ``of(a, b)``."""
        started = self.started.copy()
        started.update(length_prefixed(first))
        return Tickets(started)

    def of_codes(self, codes: Iterable[str]) -> list[bytes]:
        """The tickets of many ASCII codes, faster than one by one.

        The length prefix is absorbed once for each length: codes of one register share it.
        """
        by_length: dict[int, Hasher] = {}
        found = []
        for code in codes:
            start = by_length.get(len(code))
            if start is None:
                start = self.started.copy()
                start.update(len(code).to_bytes(4, "big"))
                by_length[len(code)] = start
            taken = start.copy()
            taken.update(code.encode("ascii"))
            found.append(taken.digest())
        return found


def tickets(seed: bytes, domain: str, algorithm: str = "sha256") -> Tickets:
    """The tickets that a seed gives in one domain."""
    started = hasher(algorithm)
    started.update(ticket_prefix(seed, domain))
    return Tickets(started)


@dataclass(frozen=True, slots=True)
class StratumRule:
    """How many units are drawn from a stratum, and how many more are named as reserves."""

    key: str
    quota: int
    reserve: int = 0

    def __post_init__(self) -> None:
        if self.quota < 0 or self.reserve < 0:
            raise ValueError(f"stratum {self.key}: quota and reserve must be at least 0")


@dataclass(frozen=True, slots=True)
class RankedUnit:
    """A unit with its place in its stratum; ``rank`` counts from 1."""

    stratum: str
    rank: int
    code: str
    ticket: bytes
    is_selected: bool


@dataclass(frozen=True, slots=True)
class StratifiedDraw:
    """The sample and its reserves: strata in the order of their keys, each by rank."""

    seed: bytes
    units: tuple[RankedUnit, ...]

    @property
    def selected(self) -> tuple[RankedUnit, ...]:
        """The units to visit."""
        return tuple(unit for unit in self.units if unit.is_selected)

    def reserves(self, stratum: str) -> tuple[RankedUnit, ...]:
        """The reserves of one stratum, next first."""
        return tuple(u for u in self.units if u.stratum == stratum and not u.is_selected)


@dataclass(frozen=True, slots=True)
class Permanent:
    """Permanent tickets: several draws from one register share theirs, each from another start.

    Draw number ``place`` of ``of`` counts from place/of of the circle [0, 2^256), so units drawn
    by one are the last that the next would take (Ohlsson 1995, coordination by permanent random
    numbers). ``seed``: of the first draw of the group, unknown when the others were committed.
    """

    seed: bytes
    place: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.place < self.of:
            raise ValueError(f"place {self.place} must be from 0 to {self.of - 1}")

    def turned(self, column: bytes) -> bytes:
        """Tickets of the group, one after another, counted from the start of this draw."""
        circle = 2**256
        shift = self.place * circle // self.of
        return b"".join(
            [
                ((int.from_bytes(column[at : at + 32], "big") - shift) % circle).to_bytes(32, "big")
                for at in range(0, len(column), 32)
            ]
        )


def _tickets_of(
    seed: bytes, codes: Sequence[str], algorithm: str, permanent: Permanent | None
) -> list[bytes]:
    if permanent is None:
        return tickets(seed, "draw", algorithm).of_codes(codes)
    shared = permanent.turned(
        b"".join(tickets(permanent.seed, "permanent", algorithm).of_codes(codes))
    )
    return [shared[at : at + 32] for at in range(0, len(shared), 32)]


def draw_stratified(
    *,
    seed: bytes,
    codes: Sequence[str],
    strata: Sequence[str],
    rules: Sequence[StratumRule],
    algorithm: str = "sha256",
    odds: Sequence[tuple[int, int]] | None = None,
    permanent: Permanent | None = None,
) -> StratifiedDraw:
    """Which units are drawn: with equal chances in each stratum, or by their odds?

    Parameters
    ----------
    seed : bytes, shape (32,)
    codes : sequence of str, shape (units,)
        Codes of the roster, in any order, without repeats.
    strata : sequence of str, shape (units,)
        Stratum of each unit.
    rules : sequence of StratumRule
        One for each stratum.
    algorithm : str
        "sha256" or "sm3".
    odds : sequence of (int, int), shape (units,), optional
        For Pareto order sampling, see `sampling.maths.pareto`; (1, 0) for a certainty unit.
    permanent : Permanent, optional
        Tickets shared with other draws, instead of this draw's own.

    Returns
    -------
    StratifiedDraw
        For each stratum exactly ``quota`` selected units and up to ``reserve`` reserves.

    Raises
    ------
    ValueError
        If a code repeats or cannot be used, a stratum has no rule or two, or a quota is larger
        than its stratum.

    Notes
    -----
    Within a stratum units are ordered by ticket, equal tickets (never seen) by frame order; the
    sample is the first ``quota``, reserves are the next ranks. Hence independent of the order
    of the roster, and a larger quota keeps the smaller sample. Inclusion probability is
    quota / size, exactly.

    Only tickets below a cut are sorted: the cut is set where about ``quota + reserve`` and some
    more are expected below it, and the whole stratum is taken if too few are. The result equals
    that of the full sort, because all units below the cut precede all above it.
    """
    if len(codes) != len(strata):
        raise ValueError(f"{len(codes)} codes but {len(strata)} strata")
    if len(set(codes)) != len(codes):
        twice = next(code for code, count in Counter(codes).items() if count > 1)
        raise ValueError(f"unit {twice} is in the roster twice")
    rows = _rows_by_stratum(strata, rules)
    for code in codes:
        if not code.isascii():
            checked_code(code)
    all_tickets = _tickets_of(seed, codes, algorithm, permanent)
    heads = np.frombuffer(b"".join(all_tickets), dtype=">u8")[::4].astype(np.uint64)
    units: list[RankedUnit] = []
    for rule in sorted(rules, key=lambda rule: rule.key.encode()):
        where = rows[rule.key]
        needed = min(rule.quota + rule.reserve, where.size)
        if odds is None:
            near = where[below_cut(heads[where], needed)]
        else:
            ratio = np.array([odds[row][0] / (odds[row][1] or np.nan) for row in where.tolist()])
            near = where[near_the_cut(heads[where], np.nan_to_num(ratio, nan=np.inf), needed)]
        ranked = sorted(
            (
                _key(all_tickets[row], None if odds is None else odds[row]),
                in_frame_order(codes[row]),
                row,
            )
            for row in near.tolist()
        )
        units.extend(
            RankedUnit(rule.key, rank, codes[row], all_tickets[row], rank <= rule.quota)
            for rank, (_, _, row) in enumerate(ranked[:needed], start=1)
        )
    return StratifiedDraw(seed=seed, units=tuple(units))


def _key(ticket: bytes, odds: tuple[int, int] | None) -> bytes | int:
    return ticket if odds is None else order_key(ticket, odds)


def _rows_by_stratum(
    strata: Sequence[str], rules: Sequence[StratumRule]
) -> dict[str, npt.NDArray[np.intp]]:
    place = {rule.key: index for index, rule in enumerate(rules)}
    if len(place) != len(rules):
        raise ValueError("a stratum has two rules")
    try:
        index = np.fromiter((place[key] for key in strata), dtype=np.int32, count=len(strata))
    except KeyError as error:
        raise ValueError(f"stratum {error.args[0]!r} has units but no rule") from None
    rows = {}
    for rule in rules:
        where = np.flatnonzero(index == place[rule.key])
        if rule.quota > where.size:
            raise ValueError(
                f"stratum {rule.key}: quota {rule.quota} is larger than its {where.size} units"
            )
        rows[rule.key] = where
    return rows


def below_cut(heads: npt.NDArray[np.uint64], needed: int) -> npt.NDArray[np.bool_]:
    """Marks a set that holds the ``needed`` smallest; heads are the tickets' first 64 bits."""
    # Six standard deviations of a binomial count, and some for tiny strata: too few below the
    # cut happens about once in 10^9 draws, and then everything is sorted.
    expected = needed + 6 * needed**0.5 + 20
    if needed == 0 or expected >= heads.size:
        return np.full(heads.size, needed > 0)
    cut = np.uint64(int(2**64 * expected / heads.size))
    mask = heads <= cut
    return mask if np.count_nonzero(mask) >= needed else np.ones(heads.size, dtype=bool)
