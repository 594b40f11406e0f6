"""Past inspections, calibrated to the provincial figures of 2018.

Of 43,247 products tested 38,114 passed (88.13 %); 8.4 % of the known companies were tested, 4.62
products each; 17.1 % of the tested companies had a failing product, and inside those 60.7 % of the
products failed. Failures bunch in few firms, so the shares follow a beta, not one common rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from scipy.special import betainc, betaincinv, betaln

from runtime.demo.catalogue import GOOD
from runtime.demo.records import (
    EnterpriseRecord,
    InspectionRecord,
    LaboratoryRecord,
    PersonRecord,
    ProductRecord,
)

TESTED_SHARE = 9_358 / 111_183  # of the enterprises, each year
TESTS_EACH = 43_247 / 9_358  # products per tested enterprise and year
FAIL_RATE = 5_133 / 43_247
FAILING_SHARE = 1_599 / 9_358  # of the tested enterprises, ever
FAIL_RATE_INSIDE = 0.607
_ATTEMPTS = 96


@dataclass(frozen=True, slots=True)
class Calibration:
    """The figures a history shows, to be laid beside the targets."""

    enterprises: int
    tested: int
    tests: int
    failures: int
    failing: int
    tests_inside: int
    tested_share_per_year: float

    @property
    def pass_rate(self) -> float:
        """Passed tests over all tests."""
        return 1 - self.failures / self.tests

    @property
    def failing_share(self) -> float:
        """Enterprises with a failing test over those tested."""
        return self.failing / self.tested

    @property
    def fail_rate_inside(self) -> float:
        """Failing tests over tests, inside the enterprises with a failing one."""
        return self.failures / self.tests_inside


def beta_shape(tests: np.ndarray, mean: float, ever: float) -> tuple[float, float]:
    """Beta parameters whose mixture gives a mean rate and a share of firms with any failure.

    Parameters
    ----------
    tests : (firms,) int array
        Tests of each firm.
    mean, ever : float
        Mean failure rate; share of firms with at least one failure.
    """

    def share(total: float) -> float:
        a, b = mean * total, (1 - mean) * total
        return float(1 - np.exp(betaln(a, b + tests) - betaln(a, b)).mean())

    low, high = 1e-4, 1e4  # a + b; more means less bunching and more firms with a failure
    for _ in range(80):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if share(middle) < ever else (low, middle)
    return mean * low, (1 - mean) * low


def _failures(rng: np.random.Generator, tests: np.ndarray, risk: np.ndarray) -> np.ndarray:
    """Failing tests of each firm: the draw, of many, that lies nearest to the calibration."""
    a, b = beta_shape(tests, FAIL_RATE, FAILING_SHARE)
    noise = rng.standard_normal((_ATTEMPTS, len(tests)))
    latent = 0.8 * risk + 0.6 * noise
    rank = np.argsort(np.argsort(latent, axis=1, kind="stable"), axis=1, kind="stable")
    quantile = (rank + 0.5) / len(tests)
    # Below this quantile the rate is under 1e-12: spare the inversion, which is slow there.
    dead = float(betainc(a, b, 1e-12))
    rates = np.zeros_like(quantile)
    alive = quantile > dead
    rates[alive] = betaincinv(a, b, quantile[alive])
    failed = rng.binomial(tests, np.clip(rates, 0, 1))
    target = round(FAIL_RATE * int(tests.sum()))
    ever = (failed > 0).mean(axis=1)
    inside = (tests * (failed > 0)).sum(axis=1)
    distance = np.abs(ever / FAILING_SHARE - 1) + np.abs(inside * FAIL_RATE_INSIDE / target - 1)
    return _levelled(rng, failed[int(distance.argmin())], tests, target)


def _levelled(
    rng: np.random.Generator, failed: np.ndarray, tests: np.ndarray, target: int
) -> np.ndarray:
    """Move single verdicts, inside firms that fail anyway, until the total is the target."""
    failed = failed.copy()
    while (gap := target - int(failed.sum())) != 0:
        room = (failed > 0) & (failed < tests) if gap > 0 else failed > 1
        chosen = rng.choice(np.flatnonzero(room))
        failed[chosen] += 1 if gap > 0 else -1
    return failed


def _visits(
    rng: np.random.Generator, known: int, risk: np.ndarray, years: float
) -> list[tuple[int, float, int]]:
    """(firm, fraction of the whole time, tests) for each visit of each year.

    ``known`` counts all enterprises; only those in ``risk`` can be visited.
    """
    firms = len(risk)
    weight = np.exp(0.35 * risk)
    found: list[tuple[int, float, int]] = []
    start = 0.0
    while start < years:
        span = min(1.0, years - start)
        count = round(known * TESTED_SHARE * span)
        chosen = rng.choice(firms, size=count, replace=False, p=weight / weight.sum())
        sizes = 1 + rng.poisson(TESTS_EACH - 1, size=count)
        moments = (start + rng.random(count) * span) / years
        found += [
            (int(f), float(m), int(s)) for f, m, s in zip(chosen, moments, sizes, strict=True)
        ]
        start += 1.0
    return found


@dataclass(frozen=True, slots=True)
class Register:
    """What inspections draw on."""

    firms: tuple[EnterpriseRecord, ...]
    products: tuple[ProductRecord, ...]
    people: tuple[PersonRecord, ...]
    laboratories: tuple[LaboratoryRecord, ...]


def _weekday(first_on: date, moment: float, days: int) -> date:
    """A working day near a moment of the whole time: nobody samples at the weekend."""
    on = first_on + timedelta(days=min(int(moment * days), days))
    return max(on - timedelta(days=max(0, on.isoweekday() - 5)), first_on)


def inspections(
    rng: np.random.Generator, known: Register, risk: np.ndarray, first_on: date, last_on: date
) -> tuple[InspectionRecord, ...]:
    """Every product tested between two days, in order of day.

    Makers, traders and shops are tested; suppliers of parts and materials are not.
    """
    sellable = [i for i, firm in enumerate(known.firms) if firm.tier >= 2]
    days = (last_on - first_on).days
    visits = _visits(rng, len(known.firms), risk[sellable], days / 365.25)
    tests = np.zeros(len(sellable), dtype=np.int64)
    for place, _, size in visits:
        tests[place] += size
    tested = np.flatnonzero(tests)
    failed = np.zeros_like(tests)
    failed[tested] = _failures(rng, tests[tested], risk[sellable][tested])
    verdicts = {
        int(place): iter(rng.permutation(np.arange(tests[place]) < failed[place]).tolist())
        for place in tested
    }
    by_maker: dict[str, list[ProductRecord]] = {}
    for product in known.products:
        by_maker.setdefault(product.enterprise_code, []).append(product)
        by_maker.setdefault(product.category_code, []).append(product)
    able = {code: [p.number for p in known.people if code in p.category_codes] for code in GOOD}
    rows: list[InspectionRecord] = []
    for place, moment, size in sorted(visits, key=lambda visit: (visit[1], visit[0])):
        firm = known.firms[sellable[place]]
        pool = by_maker.get(firm.code) or by_maker[firm.category_code]
        pair = rng.choice(able[firm.category_code], size=2, replace=False).tolist()
        for pick in rng.integers(0, 1 << 30, size=(size, 4)).tolist():
            product = pool[pick[0] % len(pool)]
            items = GOOD[product.category_code].items * 2
            first, is_fail = pick[1] % (len(items) // 2), next(verdicts[place])
            on = _weekday(first_on, moment, days)
            rows.append(
                InspectionRecord(
                    number=f"CY{on.year}-{len(rows) + 1:05d}",
                    on=on,
                    enterprise_code=firm.code,
                    category_code=product.category_code,
                    gtin=product.gtin,
                    lot_no=f"{on:%y%m}{pick[2] % 900 + 100}",
                    is_pass=not is_fail,
                    failing_items=items[first : first + 1 + pick[3] % 2] if is_fail else (),
                    inspector_numbers=(pair[0], pair[1]),
                    laboratory_code=known.laboratories[pick[3] % len(known.laboratories)].code,
                )
            )
    return tuple(rows)


def calibration(rows: tuple[InspectionRecord, ...], enterprises: int, years: float) -> Calibration:
    """What a history of inspections shows."""
    tests: dict[str, int] = {}
    fails: dict[str, int] = {}
    visits = set()
    for row in rows:
        tests[row.enterprise_code] = tests.get(row.enterprise_code, 0) + 1
        fails[row.enterprise_code] = fails.get(row.enterprise_code, 0) + (not row.is_pass)
        visits.add((row.enterprise_code, row.on))
    failing = [code for code, count in fails.items() if count]
    return Calibration(
        enterprises=enterprises,
        tested=len(tests),
        tests=len(rows),
        failures=sum(fails.values()),
        failing=len(failing),
        tests_inside=sum(tests[code] for code in failing),
        tested_share_per_year=len(visits) / enterprises / years,
    )
