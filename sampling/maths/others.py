"""Other people's verifiable draws, recomputed by their own rules.

References
----------
RFC 3797 (2004). Publicly Verifiable Nominations Committee (NomCom) Random Selection. MD5 is what
    the document prescribes; for new draws nobody should choose it.
Rivest, R. L. (2018). Consistent Sampling with Replacement. arXiv:1808.10016, and the rules of the
    public implementation ``consistent_sampler`` 1.0.
Stark, P. B., Ottoboni, K. ``cryptorandom`` 0.4: a SHA-256 counter generator and its samplers.
"""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

LARGEST_POOL: Final = 65_535  # RFC 3797 counts with two bytes


# RFC 3797


@dataclass(frozen=True, slots=True)
class NomcomStep:
    """One selection: the hash, what it was divided by, and who was taken (from 1)."""

    md5: str
    remaining: int
    position: int


def nomcom_key(sources: Sequence[Sequence[int]]) -> str:
    """The key string of some sources of whole numbers.

    Parameters
    ----------
    sources : sequence of sequences of int, each >= 0
        In the order in which they were announced; the order inside a source does not count.

    Raises
    ------
    ValueError
        If there is no source, an empty one, or a negative number.

    Notes
    -----
    Sources that are texts or decimal fractions are not read here; give the key itself then.

    References
    ----------
    RFC 3797, sections 4.1 and 4.2.

    Examples
    --------
    >>> nomcom_key([[9319], [2, 5, 12, 8, 10]])
    '9319./2.5.8.10.12./'
    """
    if not sources or not all(sources):
        raise ValueError("RFC 3797 needs at least one source, and a number in each")
    if any(number < 0 for source in sources for number in source):
        raise ValueError("numbers of a source must not be negative")
    return "".join("".join(f"{number}." for number in sorted(source)) + "/" for source in sources)


def nomcom_selection(*, key: str, pool: int, count: int) -> tuple[NomcomStep, ...]:
    """Which places of a numbered pool does RFC 3797 select, in order?

    Parameters
    ----------
    key : str
        See `nomcom_key`.
    pool : int, 1 <= pool <= 65535
    count : int, 0 <= count <= pool

    Raises
    ------
    ValueError
        If an argument lies outside its range.

    Notes
    -----
    Hash number i is MD5(be16(i) ‖ key ‖ be16(i)), i from 0, as a big-endian number modulo the
    number of places left. The result depends on the order of the published list.

    References
    ----------
    RFC 3797, section 5 and the example of section 6.

    Examples
    --------
    >>> key = nomcom_key([[9319], [2, 5, 12, 8, 10], [9, 18, 26, 34, 41, 45]])
    >>> [step.position for step in nomcom_selection(key=key, pool=25, count=4)]
    [17, 7, 2, 16]
    """
    if not 1 <= pool <= LARGEST_POOL:
        raise ValueError(f"pool must lie in [1, {LARGEST_POOL}], got {pool}")
    if not 0 <= count <= pool:
        raise ValueError(f"count must lie in [0, {pool}], got {count}")
    left = list(range(1, pool + 1))
    steps = []
    for index in range(count):
        ends = index.to_bytes(2, "big")
        hashed = hashlib.md5(ends + key.encode() + ends, usedforsecurity=False).digest()
        place = int.from_bytes(hashed, "big") % len(left)
        steps.append(NomcomStep(hashed.hex().upper(), len(left), left.pop(place)))
    return tuple(steps)


# consistent_sampler


@dataclass(frozen=True, slots=True)
class ConsistentPick:
    """A pick: its ticket as printed, the id, and how often that id was drawn so far."""

    ticket: str
    id: str
    generation: int


def consistent_picks(
    *, seed: str, ids: Sequence[str], with_replacement: bool = False, digits: int = 9
) -> Iterator[ConsistentPick]:
    """Whom do consistent tickets draw, in order?

    Parameters
    ----------
    seed, ids : str
        As they are printed: numbers in decimal.
    with_replacement : bool
        Then there is no end: take as many as were drawn.
    digits : int, >= 1
        Figures of a ticket after its leading nines, as it was published; cut, not rounded.

    Raises
    ------
    ValueError
        If an id occurs twice, or ``digits`` is below one.

    Notes
    -----
    The first ticket of an id is the decimal number of SHA-256(hex(SHA-256(seed)) ‖ id), at least
    64 figures, read backwards as a fraction. The next ticket of the same id keeps the leading
    nines and replaces the rest by the same function of ``ticket:1``, ``ticket:2`` … until it is
    larger. Smallest ticket first. ``seed`` and id are joined without a separator, so seed and id
    must come from where they cannot be shifted against each other.

    Examples
    --------
    >>> six = ["A-1", "A-2", "A-3", "B-1", "B-2", "B-3"]
    >>> [pick.id for pick in islice(consistent_picks(seed="314159", ids=six), 3)]
    ['B-2', 'B-3', 'A-3']
    """
    if digits < 1:
        raise ValueError(f"digits must be at least 1, got {digits}")
    if len(set(ids)) != len(ids):
        seen = set[str]()
        twice = next(one for one in ids if one in seen or seen.add(one))  # type: ignore[func-returns-value]
        raise ValueError(f"id {twice!r} occurs twice")
    start = hashlib.sha256(seed.encode()).hexdigest()
    heap = [("0." + _figures(start + one), one, 1) for one in ids]
    heapq.heapify(heap)
    while heap:
        ticket, one, generation = heap[0]
        yield ConsistentPick(ticket[: _after_nines(ticket) + digits], one, generation)
        if with_replacement:
            heapq.heapreplace(heap, (_next_ticket(ticket), one, generation + 1))
        else:
            heapq.heappop(heap)


def _figures(text: str) -> str:
    number = int(hashlib.sha256(text.encode()).hexdigest(), 16)
    return str(number).zfill(64)[::-1]


def _after_nines(ticket: str) -> int:
    """Where the leading nines of a fraction end; a fraction of nines only ends after them."""
    place = 2
    while place < len(ticket) and ticket[place] == "9":
        place += 1
    return place


def _next_ticket(ticket: str) -> str:
    kept, floor, attempt = ticket[: _after_nines(ticket)], ticket + "0", 0
    while True:
        attempt += 1
        following = kept + _figures(f"{ticket}:{attempt}")
        if following > floor:
            return following


# cryptorandom


class CounterPrng:
    """SHA-256 of seed ‖ "," ‖ as many zero bytes as numbers were taken before.

    ``seed`` enters as it is printed. Bits left over from whole numbers are kept for the next one.
    """

    def __init__(self, seed: str) -> None:
        self._state = hashlib.sha256(f"{seed},".encode())
        self._bits, self._left = 0, 0

    def _word(self) -> int:
        found = int.from_bytes(self._state.digest(), "big")
        self._state.update(b"\x00")
        return found

    def fraction(self) -> float:
        """A number in [0, 1): one hash divided by 2^256, as the nearest double."""
        return math.ldexp(float(self._word()), -256)

    def below(self, bound: int) -> int:
        """A whole number in [0, bound), by rejection: unbiased."""
        width = (bound - 1).bit_length()
        while True:
            while self._left < width:
                self._bits |= self._word() << self._left
                self._left += 256
            found = self._bits & ((1 << width) - 1)
            self._bits >>= width
            self._left -= width
            if found < bound:
                return found

    def between(self, low: int, high: int) -> int:
        """A whole number in [low, high)."""
        return low + self.below(high - low)


def shuffled(prng: CounterPrng, size: int, count: int) -> list[int]:
    """The first places of a shuffle (Fisher–Yates), from 0."""
    places = list(range(size))
    for index, fraction in enumerate([prng.fraction() for _ in range(count)]):
        other = int(index + fraction * (size - index))
        places[index], places[other] = places[other], places[index]
    return places[:count]


def sorted_keys(prng: CounterPrng, size: int, count: int) -> list[int]:
    """The places of the smallest of ``size`` fractions ("PIKK")."""
    keys = [prng.fraction() for _ in range(size)]
    return sorted(range(size), key=lambda place: keys[place])[:count]


def recursive(prng: CounterPrng, size: int, count: int) -> list[int]:
    """A random subset built from its last member ("recursive"; Cormen et al., exercise 5.3-7)."""
    chosen: list[int] = []
    for last in range(size - count + 1, size + 1):
        one = prng.between(1, last + 1)
        chosen.append(last if one in chosen else one)
    return [one - 1 for one in chosen]


def reservoir(prng: CounterPrng, size: int, count: int) -> list[int]:
    """A reservoir in which each later place may replace an earlier one (Waterman's R)."""
    kept = list(range(count))
    for place in range(count, size):
        one = prng.between(1, place + 2)
        if one <= count:
            kept[one - 1] = place
    return kept


def by_index(prng: CounterPrng, size: int, count: int) -> list[int]:
    """Pick a place of those left; the last one moves into the gap."""
    left, chosen = list(range(size)), []
    for _ in range(count):
        place = prng.between(1, len(left) + 1) - 1
        chosen.append(left[place])
        last = left.pop()
        if place < len(left):
            left[place] = last
    return chosen


def skipping(prng: CounterPrng, size: int, count: int) -> list[int]:
    """A reservoir that skips ahead (Vitter's Z).

    References
    ----------
    Vitter, J. S. (1985). Random sampling with a reservoir. ACM TOMS 11, 37-57.
    """
    kept, seen = list(range(count)), count
    while seen < size:
        skip = (
            _short_skip(prng, seen, count) if seen <= 22 * count else _long_skip(prng, seen, count)
        )
        if seen + skip < size:
            kept[prng.below(count)] = seen + skip
        seen += skip + 1
    return kept


def _short_skip(prng: CounterPrng, seen: int, count: int) -> int:
    """Algorithm X: how many are passed over, by its distribution function."""
    level, skip = prng.fraction(), 0
    above, below = seen + 1 - count, seen + 1
    while above / below > level:
        skip += 1
        above *= seen + skip + 1 - count
        below *= seen + skip + 1
    return skip


def _long_skip(prng: CounterPrng, seen: int, count: int) -> int:
    """Algorithm Z: by rejection."""
    while True:
        reach: float = seen * (prng.fraction() ** (-1 / count) - 1)
        level, skip = prng.fraction(), math.floor(reach)
        bound = (seen + 1) / (seen - count + 1)
        outer = bound * count / (seen + reach) * (seen / (seen + reach)) ** count
        inner = count / (seen + 1) * ((seen - count + 1) / (seen + skip - count + 1)) ** (count + 1)
        if level <= inner / outer:
            return skip
        exact = count / (seen - count)
        exact *= math.perm(seen - count + skip, skip + 1) / math.perm(seen + skip + 1, skip + 1)
        if level <= exact / outer:
            return skip


def exponential_races(prng: CounterPrng, weights: Sequence[float], count: int) -> list[int]:
    """The first arrivals of exponential clocks with these rates ("Exponential")."""
    arrivals = -np.log([prng.fraction() for _ in weights]) / np.asarray(weights, dtype=float)
    return [int(place) for place in np.argsort(arrivals)[:count]]


def eliminated(prng: CounterPrng, weights: Sequence[float], count: int) -> list[int]:
    """One after the other by weight, each taken away before the next ("Elimination")."""
    left, rest = list(range(len(weights))), np.asarray(weights, dtype=float)
    chosen = []
    for _ in range(count):
        place = int(np.searchsorted(np.cumsum(rest) / np.sum(rest), prng.fraction()))
        chosen.append(left.pop(place))
        rest = np.delete(rest, place)
    return chosen


SAMPLERS: Final = {
    "Fisher-Yates": shuffled,
    "PIKK": sorted_keys,
    "recursive": recursive,
    "Waterman_R": reservoir,
    "Vitter_Z": skipping,
    "sample_by_index": by_index,
}
WEIGHTED: Final = {"Exponential": exponential_races, "Elimination": eliminated}
